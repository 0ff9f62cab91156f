"""One include per app; the pages of the roof itself stand in home."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from londonpsn.api import router

urlpatterns = [
    path("", include("londonpsn.home.urls")),
    path("", include("boroughs.urls")),
    path("", include("services.urls")),
    path("", include("procurement.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(router.urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="home/api_docs.html"
        ),
        name="api-docs",
    ),
]

handler400 = "londonpsn.home.views.bad_request"
handler403 = "londonpsn.home.views.forbidden"
handler404 = "londonpsn.home.views.not_found"
handler500 = "londonpsn.home.views.broken"
