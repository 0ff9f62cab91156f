from django.apps import AppConfig


class LondonPSNConfig(AppConfig):
    name = "londonpsn"
    verbose_name = "LondonPSN"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from allauth.account import signals as accounts
        from django.contrib.auth import signals

        from londonpsn import checks  # noqa: F401 (registers itself)
        from londonpsn.home.signing_in import events, sessions

        signals.user_logged_in.connect(sessions.note_sign_in)
        accounts.user_logged_in.connect(events.signed_in)
        signals.user_logged_out.connect(events.signed_out)
