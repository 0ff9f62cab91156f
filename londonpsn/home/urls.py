from django.contrib.auth.views import LogoutView
from django.urls import path

from londonpsn.home import gallery, public, views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/login/", views.SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("london/", views.london, name="london-default"),
    path("london/<slug:programme>/", views.london, name="london"),
    path("my-work/", views.my_work, name="my-work"),
    path("search/", views.search, name="search"),
    path("c/<slug:slug>/", views.council, name="council"),
    path("help/", public.help_page, name="help"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("privacy/", public.privacy, name="privacy"),
    path("cookies/", public.cookies, name="cookies"),
    path(".well-known/security.txt", public.security_txt, name="security-txt"),
    path("components/", gallery.components, name="components"),
]
