"""The trail: what was done, by whom, in which right. Only ever added to, and chained.

Events have no foreign keys, so that nothing holds them up and they hold nothing up. The database
itself numbers and chains them and refuses to change or remove them (boroughs.audit writes them,
boroughs.trail checks them).
"""

from typing import ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

PROGRAMME, SECURITY = "PROGRAMME", "SECURITY"  # chains beside those of the councils


class AuditEventType(models.TextChoices):
    DATA_LOADED = "DATA_LOADED", "Demonstration data loaded"
    LIST_DOWNLOADED = "LIST_DOWNLOADED", "List downloaded"
    PERSON_INVITED = "PERSON_INVITED", "Person invited"
    PERSON_CHANGED = "PERSON_CHANGED", "Person changed"
    PERSON_LEFT = "PERSON_LEFT", "Person left"
    PERSON_RETURNED = "PERSON_RETURNED", "Person invited again"
    PERSON_ANONYMIZED = "PERSON_ANONYMIZED", "Person made anonymous"
    ROLE_GIVEN = "ROLE_GIVEN", "Role given"
    ROLE_CHANGED = "ROLE_CHANGED", "Role changed"
    ROLE_CONFIRMED = "ROLE_CONFIRMED", "Role still needed"
    ROLE_DELEGATED = "ROLE_DELEGATED", "Role passed to a deputy"
    DELEGATION_ENDED = "DELEGATION_ENDED", "Deputy’s role ended"
    TOKEN_MADE = "TOKEN_MADE", "API token made"
    TOKEN_REVOKED = "TOKEN_REVOKED", "API token revoked"
    REFERENCE_ADDED = "REFERENCE_ADDED", "Reference data added"
    REFERENCE_CHANGED = "REFERENCE_CHANGED", "Reference data changed"
    SITE_PROTECTED = "SITE_PROTECTED", "Protection of a site changed"
    SAVING_SHARED = "SAVING_SHARED", "Sharing of the saving changed"
    DOCUMENT_ADDED = "DOCUMENT_ADDED", "Document added"
    DOCUMENT_DOWNLOADED = "DOCUMENT_DOWNLOADED", "Document downloaded"
    DOCUMENT_DELETED = "DOCUMENT_DELETED", "Document deleted at the end of its time"
    NOTE_ADDED = "NOTE_ADDED", "Note added"
    JOB_REQUESTED = "JOB_REQUESTED", "Figures asked to be worked out again"
    LINES_CONFIRMED = "LINES_CONFIRMED", "Line still right"
    LINE_MOVED = "LINE_MOVED", "Line moved"
    PAYMENTS_LOADED = "PAYMENTS_LOADED", "Published payments loaded"
    CALL_OFF_DRAFTED = "CALL_OFF_DRAFTED", "Call-off drafted"
    CALL_OFF_AWARDED = "CALL_OFF_AWARDED", "Call-off awarded"
    CALL_OFF_CHANGED = "CALL_OFF_CHANGED", "Call-off changed"
    CALL_OFF_EXTENDED = "CALL_OFF_EXTENDED", "Call-off extended"
    CALL_OFF_DROPPED = "CALL_OFF_DROPPED", "Draft of a call-off dropped"
    CEILING_OVERRIDDEN = "CEILING_OVERRIDDEN", "Ceiling of a call-off overridden"
    NOTICE_GIVEN = "NOTICE_GIVEN", "Notice given on a contract"
    NOTICE_PUBLISHED = "NOTICE_PUBLISHED", "Notice published"
    NOTICE_WAIVED = "NOTICE_WAIVED", "Notice waived"
    PRICES_LOADED = "PRICES_LOADED", "Price book loaded"
    PRICES_INDEXED = "PRICES_INDEXED", "Prices raised by an index"
    QUOTE_KEPT = "QUOTE_KEPT", "Quote kept"
    REGISTER_COMPLETED = "REGISTER_COMPLETED", "Facts for the register of contracts kept"
    REGISTER_PUBLISHED = "REGISTER_PUBLISHED", "Register of contracts published"
    TRAIL_EXPIRED = "TRAIL_EXPIRED", "Security log of a month deleted at the end of its time"
    SIGNED_IN = "SIGNED_IN", "Signed in"
    SIGNED_OUT = "SIGNED_OUT", "Signed out"
    SIGN_IN_FAILED = "SIGN_IN_FAILED", "Sign-in failed"
    SIGN_IN_THROTTLED = "SIGN_IN_THROTTLED", "Sign-in held up after too many tries"
    PASSWORD_CHANGED = "PASSWORD_CHANGED", "Password changed"
    MAIL_CHANGED = "MAIL_CHANGED", "Mail address to sign in with changed"
    PROVIDER_LINKED = "PROVIDER_LINKED", "Linked to the sign-in of a council"
    PROVIDER_UNLINKED = "PROVIDER_UNLINKED", "Link to the sign-in of a council undone"
    SECOND_FACTOR_ADDED = "SECOND_FACTOR_ADDED", "Second factor added"
    SECOND_FACTOR_RENAMED = "SECOND_FACTOR_RENAMED", "Second factor renamed"
    SECOND_FACTOR_REMOVED = "SECOND_FACTOR_REMOVED", "Second factor removed"
    SECOND_FACTOR_RESET = "SECOND_FACTOR_RESET", "Second factor reset by an administrator"
    SECRETS_ENCRYPTED = "SECRETS_ENCRYPTED", "Secrets of second factors encrypted anew"
    SESSIONS_ENDED = "SESSIONS_ENDED", "Signed out everywhere else"
    TOKEN_REFUSED = "TOKEN_REFUSED", "API token refused"


class AuditEventQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Keep the events of councils whose trail the person reads; other chains are London Grid's.

        Raises nothing: who reads no trail gets none.
        """
        councils = user.access.councils_with("TRAIL_VIEW")
        return self if councils is None else self.filter(council_id__in=councils)

    def of_council(self, council):
        return self.filter(council_id=council.pk)

    def about(self, subject: models.Model):
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


class AuditEvent(models.Model):
    """One thing that was done. ``user_id`` blank is the portal itself.

    ``chain`` is a council's register code, PROGRAMME or SECURITY; ``sequence`` counts in it.
    ``role`` are the codes of the roles by which it was allowed. ``subject`` names what it was done
    to, never a person. ``before`` and ``after`` hold the fields that changed. ``transaction`` ties
    it to the rows that the database kept of it. ``hash`` is the SHA-256 of all other columns, among
    them that of the event before. Sequence, transaction and hashes are set by the database.
    """

    Type = AuditEventType
    # Columns that the database fills.
    CHAINED: ClassVar = ("sequence", "transaction", "previous", "hash")

    chain = models.CharField(max_length=16)
    sequence = models.PositiveBigIntegerField(default=0)
    type = models.CharField(max_length=24, choices=Type)
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=120, blank=True)
    council_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=160, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    note = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    transaction = models.BigIntegerField(default=0)
    previous = models.CharField(max_length=64, default="")
    hash = models.CharField(max_length=64, default="")

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_event_by_subject"),
            models.Index(fields=["council_id", "-id"], name="audit_event_by_council"),
            models.Index(fields=["transaction"], name="audit_event_by_transaction"),
            # What a program has read today is asked at each of its reads (boroughs.api.reads).
            models.Index(
                fields=["subject_id", "at"],
                condition=Q(subject_type="boroughs.apitoken"),
                name="audit_event_by_token",
            ),
        ]
        constraints = [
            CheckConstraint(
                name="audit_event_type_is_known", condition=Q(type__in=AuditEventType.values)
            ),
            UniqueConstraint(
                fields=["chain", "sequence"], name="audit_event_is_numbered_in_its_chain"
            ),
            CheckConstraint(
                name="audit_event_hash_is_sha256", condition=Q(hash__regex="^[0-9a-f]{64}$")
            ),
        ]


class TrailCheck(models.Model):
    """One chain was checked up to an event: its number and hash then, and what was wrong.

    ``problems`` is a list of sentences, empty when all was right.
    """

    chain = models.CharField(max_length=16)
    checked_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)
    problems = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["chain", "-id"], name="trail_check_latest")]


class TrailClosing(models.Model):
    """Where the security log begins now: the last event that was deleted at the end of its time."""

    chain = models.CharField(max_length=16)
    month = models.DateField()
    sequence = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["chain", "month"], name="trail_closing_once_a_month"),
            CheckConstraint(name="trail_closing_month_is_its_first", condition=Q(month__day=1)),
            CheckConstraint(
                name="trail_closing_is_of_the_security_log", condition=Q(chain=SECURITY)
            ),
        ]
