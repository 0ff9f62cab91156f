from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    name = "procurement"
    verbose_name = "Payments and savings"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import jobs
        from londonpsn.common.locks import Lock
        from procurement.actions import savings

        jobs.register("SAVINGS", Lock.SAVINGS, savings.recompute)
