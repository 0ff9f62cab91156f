"""What the portal says no with."""

CHANGED_SINCE = "It has changed since you looked at it. Look again."


class Refused(Exception):
    """A rule says no. The message is a sentence for the person who asked, with the remedy."""


class BadInput(Refused):
    """What was sent cannot be read: answered as 400. The sentence names the place."""


class TooManyTries(Refused):
    """Too much was asked in too short a time: answered as 429. The sentence says when to return."""


class NotVisible(Exception):
    """The record does not exist for this person: answered as 404, whatever the reason."""
