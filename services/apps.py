from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services and their migration"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import jobs
        from londonpsn.common.locks import Lock
        from services.actions import migration

        jobs.register(
            "MIGRATION_STATUS",
            jobs.Recompute(Lock.MIGRATION_STATUS, migration.recompute, follows_the_day=True),
        )
