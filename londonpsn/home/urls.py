from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as usersessions
from django.urls import include, path, re_path

from londonpsn.home import gallery, public, views
from londonpsn.home.signing_in import openid
from londonpsn.home.signing_in import views as signing_in

# allauth's pages by allauth's names. There is none to sign up or to manage mail addresses by
# oneself, so what it has for that is not here.
SIGNING_IN = [
    path("login/", signing_in.SignIn.as_view(), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("session/", signing_in.session, name="session"),
    path("sessions/", usersessions.list_usersessions, name="usersessions_list"),
    path("password/", signing_in.ChangePassword.as_view(), name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("", mfa.index, name="mfa_index"),
    path("second-step/", mfa.authenticate, name="mfa_authenticate"),
    path("second-step/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("app/set-up/", signing_in.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", signing_in.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("keys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("keys/add/", signing_in.AddKey.as_view(), name="mfa_add_webauthn"),
    path("keys/again/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("keys/<int:pk>/", signing_in.RenameKey.as_view(), name="mfa_edit_webauthn"),
    path("keys/<int:pk>/remove/", signing_in.RemoveKey.as_view(), name="mfa_remove_webauthn"),
    path("recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        signing_in.MakeRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/file/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("oidc/<slug:provider_id>/login/", openid.leave, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/callback/", openid.come_back, name="openid_connect_callback"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", include(SIGNING_IN)),
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
