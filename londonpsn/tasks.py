"""What Celery runs for the roof itself."""

from celery import shared_task

from londonpsn.common import clock
from londonpsn.home.signing_in import second_factor, sessions, tries


@shared_task
def forget_tries() -> None:
    """Forget who tried to sign in, after a day; the security log keeps what was wrong."""
    tries.forget_tries(before=clock.now() - tries.KEPT)


@shared_task
def encrypt_secrets() -> None:
    """Encrypt by the key of today what an earlier key, or none, still has; an old key can go."""
    second_factor.encrypt_anew(at=clock.now())


@shared_task
def forget_sessions() -> None:
    """Forget the sign-ins that are over, with the addresses and browsers that they were from."""
    sessions.forget_ended()
