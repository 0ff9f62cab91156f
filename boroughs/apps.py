from django.apps import AppConfig


class BoroughsConfig(AppConfig):
    name = "boroughs"
    verbose_name = "Councils, places and people"

    def ready(self):
        # Models are there only now, so what needs them is imported here.
        from boroughs import attachments, audit, exceptions, kept_rows, models, subjects
        from boroughs.work import jobs_to_look_at, roles_to_look_over
        from londonpsn.common import tables, work
        from londonpsn.common.exceptions import register

        work.register(jobs_to_look_at)
        work.register(roles_to_look_over)
        tables.ON_DOWNLOAD.append(audit.record_download)
        register(exceptions.role_conflicts)
        register(exceptions.access_by_support)
        register(exceptions.changes_outside)
        kept_rows.register(models.Council, council="pgh_obj")
        kept_rows.register(models.User, council="")
        for of_people in (models.HeldFactor, models.LinkedSignIn):
            kept_rows.register(of_people, council="")
        for of_a_council in (models.Body, models.Document):
            kept_rows.register(of_a_council, council="council")
        kept_rows.register(models.Site, council="body__council")
        kept_rows.register(models.Membership, council="council")
        kept_rows.register(models.Delegation, council="membership__council")
        kept_rows.register(models.ApiToken, council="council")
        subjects.register(models.Body, page="body")
        subjects.register(models.Site, page="site")
        subjects.register(models.Connection, page="connection")
        attachments.register(
            "site",
            models.Site,
            url_name="site",
            council=lambda row: row.body.council,
            is_protected=lambda row: row.is_protected,
        )
