"""Text as people and systems write it, made comparable."""

import re
import unicodedata

from django.db.models import F, Func, Value
from django.db.models.functions import Upper

# An index of trigrams knows no shorter part of a text. Those of the models are kept up at once
# (fastupdate=False): a list of what is pending makes the planner read the whole table.
TRIGRAM = 3

# What mis-decoding leaves where a space was: U+FFFD, the dagger of Mac Roman's non-breaking space,
# zero-width marks. NFKC has already turned the odd spaces of Unicode into plain ones.
LOST = re.compile("[\ufffd\u2020\u200b-\u200f\u2060\ufeff\x00-\x1f\x7f-\x9f]")


def tidy(text: str) -> str:
    """Return the text after NFKC, lost characters as spaces, and spaces collapsed."""
    return " ".join(LOST.sub(" ", unicodedata.normalize("NFKC", text)).split())


def fold(text: str) -> str:
    """Return the form in which two spellings of one name are equal: tidied, case folded."""
    return tidy(text).casefold()


def closed_up(text: str) -> str:
    """Return a reference as folded() has it: without its spaces and in capitals."""
    return "".join(text.split()).upper()


def folded(field: str) -> Func:
    """A reference in the database without its spaces and in capitals, to compare and to index."""
    return Upper(Func(F(field), Value(r"\s+"), Value(""), Value("g"), function="regexp_replace"))
