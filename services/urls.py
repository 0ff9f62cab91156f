from django.urls import path

from services.views import frameworks, lines, places, publish, radar, suppliers

urlpatterns = [
    path("c/", places.councils, name="councils"),
    path("c/<slug:slug>/lines/", lines.lines, name="lines"),
    path("c/<slug:slug>/lines/preview/", lines.lines_preview, name="lines-preview"),
    path("c/<slug:slug>/sites/", places.sites, name="sites"),
    path("c/<slug:slug>/contracts/", suppliers.contracts, name="contracts"),
    path("sites/<int:pk>/", places.site, name="site"),
    path("bodies/<int:pk>/", places.body, name="body"),
    path("connections/<int:pk>/", places.connection, name="connection"),
    path("contracts/<int:pk>/", suppliers.contract, name="contract"),
    path("suppliers/", suppliers.suppliers, name="suppliers"),
    path("suppliers/<slug:code>/", suppliers.supplier, name="supplier"),
    path("c/<slug:slug>/expiring/", radar.radar, name="radar"),
    path("frameworks/", frameworks.frameworks, name="frameworks"),
    path("frameworks/<slug:code>/", frameworks.framework, name="framework"),
    path("c/<slug:slug>/publish/", publish.publish, name="publish"),
    path("c/<slug:slug>/publish/contracts.csv", publish.publish_file, name="publish-file"),
    path("c/<slug:slug>/foi/", publish.foi, name="foi"),
]
