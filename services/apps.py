from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services and their migration"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import attachments, jobs, kept_rows, subjects
        from londonpsn.common import exceptions, work
        from londonpsn.common.locks import Lock
        from services import models
        from services.actions import migration
        from services.exceptions import waivers
        from services.queries import suppliers_of
        from services.work import moves_to_make, paid_twice

        jobs.register(
            "MIGRATION_STATUS",
            jobs.Recompute(Lock.MIGRATION_STATUS, migration.recompute, follows_the_day=True),
        )
        work.register(paid_twice)
        work.register(moves_to_make)
        exceptions.register(waivers)
        subjects.register(models.Line, page="line")
        subjects.register(models.Contract, page="contract")
        subjects.register(models.Replacement, page="move")
        kept_rows.register(models.Contract, council="council")
        kept_rows.register(models.Line, council="body__council")
        for of_a_line in (models.Charge, models.LineMove, models.PlannedMove, models.LineFlag):
            kept_rows.register(of_a_line, council="line__body__council")
        for of_a_move in (models.ReplacementLine, models.Baseline):
            kept_rows.register(of_a_move, council="replacement__body__council")
        attachments.SUPPLIERS.append(suppliers_of)
        attachments.register(
            "line",
            models.Line,
            url_name="line",
            council=lambda row: row.body.council,
            contract_ends_on="contract__ends_on",
        )
        attachments.register(
            "contract",
            models.Contract,
            url_name="contract",
            council=lambda row: row.council,
            contract_ends_on="ends_on",
        )
        attachments.register(
            "move", models.Replacement, url_name="move", council=lambda row: row.body.council
        )
