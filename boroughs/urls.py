from django.urls import path

from boroughs.views import jobs

urlpatterns = [
    path("jobs/", jobs.jobs_page, name="jobs"),
    path("jobs/<uuid:batch>/", jobs.job_batch, name="job-batch"),
]
