from django.urls import path

from boroughs import views

urlpatterns = [
    path("jobs/", views.jobs_page, name="jobs"),
    path("jobs/<uuid:batch>/", views.job_batch, name="job-batch"),
]
