from django.urls import path

from procurement import views

urlpatterns = [path("c/<slug:slug>/savings/", views.savings, name="savings")]
