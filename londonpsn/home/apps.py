from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Django admin under the portal's own sign-in and rights."""

    default_site = "londonpsn.home.admin.PortalAdminSite"
