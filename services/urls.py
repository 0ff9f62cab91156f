from django.urls import path

from services.views import (
    award,
    calloff_acts,
    calloffs,
    frameworks,
    lines,
    places,
    price_changes,
    prices,
    publish,
    quotes,
    radar,
    suppliers,
)

urlpatterns = [
    path("c/", places.councils, name="councils"),
    path("c/<slug:slug>/lines/", lines.lines, name="lines"),
    path("c/<slug:slug>/lines/preview/", lines.lines_preview, name="lines-preview"),
    path("c/<slug:slug>/sites/", places.sites, name="sites"),
    path("c/<slug:slug>/contracts/", suppliers.contracts, name="contracts"),
    path("c/<slug:slug>/calloffs/", calloffs.calloffs, name="calloffs"),
    path("c/<slug:slug>/calloffs/award/", award.start, name="calloff-award"),
    path("calloffs/<int:pk>/", calloffs.calloff, name="calloff"),
    path("calloffs/<int:pk>/award/<slug:step>/", award.step, name="calloff-award-step"),
    *(
        path(f"calloffs/<int:pk>/{verb}/", calloff_acts.act, {"verb": verb}, name=f"calloff-{verb}")
        for verb in calloff_acts.VERBS
    ),
    path(
        "calloffs/<int:pk>/notices/<slug:code>/publish/",
        calloff_acts.publish_notice,
        name="calloff-publish-notice",
    ),
    path(
        "calloffs/<int:pk>/notices/<slug:code>/waive/",
        calloff_acts.waive_notice,
        name="calloff-waive-notice",
    ),
    path("sites/<int:pk>/", places.site, name="site"),
    path("sites/<int:pk>/protection/", places.site_protect, name="site-protect"),
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
    path("contracts/<int:pk>/register/", publish.register_facts, name="register-facts"),
    path("c/<slug:slug>/foi/", publish.foi, name="foi"),
    path("c/<slug:slug>/prices/", prices.prices, name="prices"),
    path("c/<slug:slug>/prices/upload/", price_changes.price_book_upload, name="price-book-upload"),
    path("c/<slug:slug>/prices/raise/", price_changes.prices_raise, name="prices-raise"),
    path("c/<slug:slug>/compare/", prices.compare, name="compare"),
    path("c/<slug:slug>/quotes/", quotes.quotes, name="quotes"),
    path("c/<slug:slug>/quotes/keep/", quotes.quote_keep, name="quote-keep"),
    path("quotes/<int:pk>/", quotes.quote, name="quote"),
    path("catalogue/<slug:code>/", prices.item, name="item"),
]
