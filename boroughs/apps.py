from django.apps import AppConfig


class BoroughsConfig(AppConfig):
    name = "boroughs"
    verbose_name = "Councils, places and people"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import audit
        from boroughs.work import jobs_to_look_at, roles_to_look_over
        from londonpsn.common import tables, work

        work.register(jobs_to_look_at)
        work.register(roles_to_look_over)
        tables.ON_DOWNLOAD.append(audit.record_download)
