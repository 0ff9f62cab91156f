"""What is known of one thing: labels and values for ``components/summary_list.html``."""

from dataclasses import dataclass
from typing import Any

from londonpsn.common.tables import Kind


@dataclass(frozen=True)
class Fact:
    """One line of a summary; a value of None or nothing is said in the words of ``unknown``."""

    label: str
    value: Any
    kind: Kind = Kind.TEXT
    link: str = ""
    sub: str = ""
    unknown: str = "not known"
