from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    name = "procurement"
    verbose_name = "Payments and savings"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import jobs, kept_rows
        from londonpsn.common import importers, work
        from londonpsn.common.locks import Lock
        from procurement.actions import payments, savings
        from procurement.models import Payment
        from procurement.work import refused_rows

        jobs.register("SAVINGS", jobs.Recompute(Lock.SAVINGS, savings.recompute))
        importers.register("payments", payments.load)
        work.register(refused_rows)
        kept_rows.register(Payment, council="council")
