"""Where and who: councils and their bodies, sites, connections, suppliers, people and job runs."""

from boroughs.models.connection import (
    ComplianceCertificate,
    Connection,
    Gateway,
    GatewayCheck,
    GatewayRequirement,
    Generation,
)
from boroughs.models.council import Body, Council
from boroughs.models.jobs import JobRun
from boroughs.models.people import ApiToken, Membership, User
from boroughs.models.place import Contact, Site
from boroughs.models.supplier import Supplier, SupplierAlias

__all__ = [
    "ApiToken",
    "Body",
    "ComplianceCertificate",
    "Connection",
    "Contact",
    "Council",
    "Gateway",
    "GatewayCheck",
    "GatewayRequirement",
    "Generation",
    "JobRun",
    "Membership",
    "Site",
    "Supplier",
    "SupplierAlias",
    "User",
]
