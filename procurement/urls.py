from django.urls import path

from procurement import views

urlpatterns = [
    path("c/<slug:slug>/savings/", views.savings, name="savings"),
    path("c/<slug:slug>/spend/", views.spend, name="spend"),
    path("c/<slug:slug>/spend/upload/", views.spend_upload, name="spend-upload"),
]
