from django.apps import AppConfig


class BoroughsConfig(AppConfig):
    name = "boroughs"
    verbose_name = "Councils, places and people"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs.work import jobs_to_look_at
        from londonpsn.common import work

        work.register(jobs_to_look_at)
