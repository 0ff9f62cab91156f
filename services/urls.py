from django.urls import path

from services import views

urlpatterns = [
    path("c/<slug:slug>/lines/preview/", views.lines_preview, name="lines-preview"),
    path("c/", views.councils, name="councils"),
    path("c/<slug:slug>/lines/", views.lines, name="lines"),
]
