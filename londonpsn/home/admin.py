"""Django admin: reference data and people to edit, everything else to look at."""

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied

from boroughs.authorization import Permission, can


class PortalAdminSite(admin.AdminSite):
    """Opens to whoever may keep people and reference data, signed in by the portal's own page."""

    site_header = site_title = "LondonPSN administration"
    index_title = "People and reference data"
    enable_nav_sidebar = False

    def has_permission(self, request):
        return can(request.user, Permission.ADMIN_USE)

    def login(self, request, extra_context=None):
        if request.user.is_authenticated:
            raise PermissionDenied("Only administrators can open the administration pages.")
        return redirect_to_login(request.GET.get("next", request.path))
