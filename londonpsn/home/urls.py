from django.contrib.auth.views import LogoutView
from django.urls import path

from londonpsn.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("london/", views.london, name="london-default"),
    path("london/<slug:programme>/", views.london, name="london"),
    path("c/<slug:slug>/", views.council, name="council"),
]
