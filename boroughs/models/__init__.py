"""Where and who: councils, sites, connections, suppliers, people, the trail and job runs."""

from boroughs.models.audit import AuditEvent, TrailCheck, TrailClosing
from boroughs.models.connection import (
    ComplianceCertificate,
    Connection,
    Gateway,
    GatewayCheck,
    GatewayRequirement,
    Generation,
)
from boroughs.models.council import Body, Council
from boroughs.models.document import Document, Note
from boroughs.models.jobs import JobRun
from boroughs.models.people import (
    ApiToken,
    Delegation,
    HeldFactor,
    IdempotentCall,
    LinkedSignIn,
    Membership,
    SignInTry,
    User,
)
from boroughs.models.place import Contact, Site
from boroughs.models.supplier import Supplier, SupplierAlias

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Body",
    "ComplianceCertificate",
    "Connection",
    "Contact",
    "Council",
    "Delegation",
    "Document",
    "Gateway",
    "GatewayCheck",
    "GatewayRequirement",
    "Generation",
    "HeldFactor",
    "IdempotentCall",
    "JobRun",
    "LinkedSignIn",
    "Membership",
    "Note",
    "SignInTry",
    "Site",
    "Supplier",
    "SupplierAlias",
    "TrailCheck",
    "TrailClosing",
    "User",
]
