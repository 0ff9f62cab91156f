from django.urls import path

from boroughs.views import (
    access,
    account,
    documents,
    exceptions,
    jobs,
    sharing,
    tokens,
    trail,
)

urlpatterns = [
    path("jobs/", jobs.jobs_page, name="jobs"),
    path("jobs/<uuid:batch>/", jobs.job_batch, name="job-batch"),
    path("c/<slug:slug>/access/", access.access, name="access"),
    path("c/<slug:slug>/access/preview/", access.access_preview, name="access-preview"),
    path("c/<slug:slug>/sharing/", sharing.sharing, name="sharing"),
    path("account/", account.account, name="account"),
    path("account/deputies/", account.deputies, name="deputies"),
    path("account/deputies/<int:pk>/end/", account.deputy_end, name="deputy-end"),
    path("c/<slug:slug>/trail/", trail.trail, name="trail"),
    path("trail/<int:pk>/", trail.event, name="trail-event"),
    path("trail/rows/<int:transaction>/", trail.rows, name="trail-rows"),
    path("c/<slug:slug>/exceptions/", exceptions.exceptions, name="exceptions"),
    path("documents/<int:pk>/", documents.document, name="document"),
    path("attach/<slug:kind>/<int:pk>/document/", documents.document_add, name="document-add"),
    path("attach/<slug:kind>/<int:pk>/note/", documents.note_add, name="note-add"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/revoke/", tokens.token_revoke, name="token-revoke"),
]
