from django.urls import path

from services.views import lines, places, suppliers

urlpatterns = [
    path("c/", places.councils, name="councils"),
    path("c/<slug:slug>/lines/", lines.lines, name="lines"),
    path("c/<slug:slug>/lines/preview/", lines.lines_preview, name="lines-preview"),
    path("c/<slug:slug>/sites/", places.sites, name="sites"),
    path("c/<slug:slug>/contracts/", suppliers.contracts, name="contracts"),
    path("sites/<int:pk>/", places.site, name="site"),
    path("sites/<int:pk>/protection/", places.site_protect, name="site-protect"),
    path("bodies/<int:pk>/", places.body, name="body"),
    path("connections/<int:pk>/", places.connection, name="connection"),
    path("contracts/<int:pk>/", suppliers.contract, name="contract"),
    path("suppliers/", suppliers.suppliers, name="suppliers"),
    path("suppliers/<slug:code>/", suppliers.supplier, name="supplier"),
]
