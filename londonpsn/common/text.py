"""Text as people and systems write it, made comparable."""

import re
import unicodedata

# What mis-decoding leaves where a space was: U+FFFD, the dagger of Mac Roman's non-breaking space,
# zero-width marks. NFKC has already turned the odd spaces of Unicode into plain ones.
LOST = re.compile("[\ufffd\u2020\u200b-\u200f\u2060\ufeff\x00-\x1f\x7f-\x9f]")


def tidy(text: str) -> str:
    """Return the text after NFKC, lost characters as spaces, and spaces collapsed."""
    return " ".join(LOST.sub(" ", unicodedata.normalize("NFKC", text)).split())


def fold(text: str) -> str:
    """Return the form in which two spellings of one name are equal: tidied, case folded."""
    return tidy(text).casefold()
