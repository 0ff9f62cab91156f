"""What `manage.py check --deploy` says of the portal's own settings."""

from django.conf import settings
from django.core.checks import Tags, Warning, register

FILES = "django.core.mail.backends.filebased.EmailBackend"


@register(Tags.security, deploy=True)
def mails_are_sent(app_configs, **kwargs) -> list[Warning]:
    """Invitations, new passwords and the heads of the trail go by mail, and to nobody without."""
    if not settings.PRODUCTION or settings.EMAIL_BACKEND != FILES:
        return []
    return [
        Warning(
            "EMAIL_URL is not set, so no mail is sent: invitations, links to a new password and "
            "the heads of the trail are left in files that nobody reads.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@host:587.",
            id="londonpsn.W001",
        )
    ]
