from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services and their migration"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import jobs
        from londonpsn.common import work
        from londonpsn.common.locks import Lock
        from services.actions import migration
        from services.work import moves_to_make, notices_to_give, paid_twice

        jobs.register(
            "MIGRATION_STATUS",
            jobs.Recompute(Lock.MIGRATION_STATUS, migration.recompute, follows_the_day=True),
        )
        work.register(paid_twice)
        work.register(moves_to_make)
        work.register(notices_to_give)
