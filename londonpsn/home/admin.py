"""Django admin: reference data and people to edit, everything else to look at."""

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied

from boroughs.authorization import Permission, can

OURS = ("boroughs", "services", "procurement")


class PortalAdminSite(admin.AdminSite):
    """Opens to whoever may keep people and reference data, signed in by the portal's own page."""

    site_header = site_title = "LondonPSN administration"
    index_title = "People and reference data"
    enable_nav_sidebar = False

    def register(self, model_or_iterable, admin_class=None, **options):
        """Take our own models alone: what packages register knows none of the portal's rules."""
        models = (
            model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        )
        ours = [model for model in models if model._meta.app_label in OURS]
        super().register(ours, admin_class, **options)

    def has_permission(self, request):
        return can(request.user, Permission.ADMIN_USE)

    def login(self, request, extra_context=None):
        if request.user.is_authenticated:
            raise PermissionDenied("Only administrators can open the administration pages.")
        return redirect_to_login(request.GET.get("next", request.path))
