from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"
    verbose_name = "Services and their migration"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import attachments, jobs, kept_rows, subjects
        from boroughs.authorization import Permission
        from boroughs.models.document import SITES_OF_NOTES
        from londonpsn.common import exceptions, importers, work
        from londonpsn.common.locks import Lock
        from services import models
        from services.actions import migration, prices
        from services.calloff_work import ceilings_near, drafts_waiting, notices_to_publish
        from services.exceptions import overrides, waivers
        from services.price_work import quotes_expiring
        from services.queries import suppliers_of
        from services.queries.frameworks import ends_with_its_call_offs
        from services.work import moves_to_make, notices_to_give, paid_twice

        jobs.register(
            "MIGRATION_STATUS",
            jobs.Recompute(Lock.MIGRATION_STATUS, migration.recompute, follows_the_day=True),
        )
        for source in (
            *(paid_twice, moves_to_make, notices_to_give),
            *(drafts_waiting, notices_to_publish, ceilings_near, quotes_expiring),
        ):
            work.register(source)
        importers.register("prices", prices.load)
        exceptions.register(waivers)
        exceptions.register(overrides)
        subjects.register(models.Line, page="line")
        subjects.register(models.Contract, page="contract")
        subjects.register(models.Replacement, page="move")
        subjects.register(models.Quote, page="quote")
        kept_rows.register(models.Contract, council="council")
        kept_rows.register(models.Quote, council="council")
        for of_a_contract in (
            *(models.ContractExtension, models.ContractChange, models.ContractNotice),
            *(models.Price, models.IndexationRun),
        ):
            kept_rows.register(of_a_contract, council="contract__council")
        for of_all in (models.Framework, models.LegalRule):
            kept_rows.register(of_all, council="")
        kept_rows.register(models.Line, council="body__council")
        for of_a_line in (models.Charge, models.LineMove, models.PlannedMove, models.LineFlag):
            kept_rows.register(of_a_line, council="line__body__council")
        kept_rows.register(models.Replacement, council="body__council")
        for of_a_move in (models.ReplacementLine, models.Baseline):
            kept_rows.register(of_a_move, council="replacement__body__council")
        attachments.SUPPLIERS.append(suppliers_of)
        attachments.register(
            "line",
            models.Line,
            url_name="line",
            council=lambda row: row.body.council,
            contract_ends_on=lambda row, day: row.contract and row.contract.ending(day).ends_on,
            is_protected=lambda row: row.site is not None and row.site.is_protected,
        )
        attachments.register(
            "contract",
            models.Contract,
            url_name="contract",
            council=lambda row: row.council,
            contract_ends_on=lambda row, day: row.ending(day).ends_on,
        )
        attachments.register(
            "framework",
            models.Framework,
            url_name="framework",
            url_key="code",
            council=lambda row: None,
            add_right=Permission.FRAMEWORK_KEEP,
            contract_ends_on=ends_with_its_call_offs,
        )
        attachments.register(
            "quote",
            models.Quote,
            url_name="quote",
            council=lambda row: row.council,
            is_protected=lambda row: row.site is not None and row.site.is_protected,
        )
        attachments.register(
            "move",
            models.Replacement,
            url_name="move",
            council=lambda row: row.body.council,
            is_protected=lambda row: row.is_at_a_protected_site(),
        )
        SITES_OF_NOTES.extend(("lines__site", "quotes__site", "replacements__members__line__site"))
