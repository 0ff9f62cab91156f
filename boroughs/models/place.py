"""Sites: where services are used."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, CheckConstraint, Q, UniqueConstraint, Value, When
from django.db.models.functions import Upper

from boroughs.models.council import Body
from boroughs.models.document import Document, Note
from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import one_of_or_blank
from londonpsn.common.text import TRIGRAM, closed_up, folded

POSTCODE = r"^([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}|GIR 0AA)$"


class SiteQuerySet(CouncilRowsQuerySet):
    council_path = "body__council"

    def named(self, text: str):
        """Keep the sites that ``text`` names: a part of the name or code, or the postcode's start.

        Fewer than three characters have to stand at the start. A protected site is not found by
        where it is.
        """
        closed = closed_up(text)
        at = "contains" if len(closed) >= TRIGRAM else "startswith"
        named = Q(**{f"name__i{at}": text}) | Q(**{f"code_folded__{at}": closed})
        by_postcode = Q(postcode_folded__startswith=closed, protection="")
        return self.alias(code_folded=folded("code"), postcode_folded=folded("postcode")).filter(
            named | by_postcode
        )

    def with_shown_postcode(self):
        """Add ``shown_postcode``: blank where the site is protected, to show and to sort by."""
        shown = Case(When(protection="", then="postcode"), default=Value(""))
        return self.annotate(shown_postcode=shown)


class SitePosition(models.TextChoices):
    SURVEYED = "SURVEYED", "Surveyed"
    POSTCODE = "POSTCODE", "Centre of its postcode"
    SYNTHETIC = "SYNTHETIC", "Synthetic and approximate"


class SiteProtection(models.TextChoices):
    """Why nobody is to learn from the portal where a site is."""

    REFUGE = "REFUGE", "Refuge"
    CHILDRENS_HOME = "CHILDRENS_HOME", "Children’s home"
    CONTROL_ROOM = "CONTROL_ROOM", "Control room"
    OTHER = "OTHER", "Other reason"


@keep_rows("SiteRow", fields=["body", "protection"])
class Site(models.Model):
    """A building or place of one body. Blank postcode and address mean not known.

    ``latitude`` and ``longitude`` are degrees (WGS 84); ``position`` says how far to trust them.
    With a ``protection`` none of address, postcode, UPRN and position leave its own page.
    """

    Position = SitePosition
    Protection = SiteProtection

    body = models.ForeignKey(Body, models.PROTECT, related_name="sites")
    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField("kind of site", max_length=40)
    address = models.TextField(blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    uprn = models.CharField("UPRN", max_length=12, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    position = models.CharField(max_length=10, choices=Position, blank=True)
    protection = models.CharField(
        "protected as", max_length=14, choices=Protection, blank=True, db_default=""
    )
    documents = models.ManyToManyField(Document, related_name="sites")
    notes = models.ManyToManyField(Note, related_name="sites")

    objects = SiteQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(
                OpClass(Upper("name"), name="gin_trgm_ops"),
                OpClass(folded("code"), name="gin_trgm_ops"),
                OpClass(folded("postcode"), name="gin_trgm_ops"),
                name="site_looked_up",
                fastupdate=False,
            ),
        ]
        constraints = [
            one_of_or_blank("protection", SiteProtection, "site_protection_is_known"),
            CheckConstraint(
                name="site_position_comes_with_its_source",
                condition=Q(latitude=None, longitude=None, position="")
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    position__in=SitePosition.values,
                ),
            ),
            CheckConstraint(
                name="site_postcode_is_well_formed",
                condition=Q(postcode="") | Q(postcode__regex=POSTCODE),
            ),
            UniqueConstraint(
                fields=["body", "uprn"],
                condition=~Q(uprn=""),
                name="site_property_is_unique_in_its_body",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_protected(self) -> bool:
        return bool(self.protection)


class ContactQuerySet(CouncilRowsQuerySet):
    council_path = "site__body__council"

    def visible_to(self, user):
        """Contacts are people: fewer see them than see the site (DESIGN, who signs in as what)."""
        councils = user.access.councils_with("CONTACT_VIEW")
        return self if councils is None else self.filter(site__body__council__in=councils)


class Contact(models.Model):
    """Who to call at a site, and how to get in. A blank phone or mail is not known."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="contacts")
    role = models.CharField("what for", max_length=60)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)
    mail = models.EmailField("mail address", max_length=120, blank=True)
    access_notes = models.TextField("getting in", blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            CheckConstraint(
                name="contact_can_be_reached", condition=~Q(phone="", mail="") & ~Q(name="")
            ),
        ]

    def __str__(self):
        return self.name
