from django.urls import path

from services.views import lines, places, price_changes, prices, quotes, suppliers

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
    path("c/<slug:slug>/prices/", prices.prices, name="prices"),
    path("c/<slug:slug>/prices/upload/", price_changes.price_book_upload, name="price-book-upload"),
    path("c/<slug:slug>/prices/raise/", price_changes.prices_raise, name="prices-raise"),
    path("c/<slug:slug>/compare/", prices.compare, name="compare"),
    path("c/<slug:slug>/quotes/", quotes.quotes, name="quotes"),
    path("c/<slug:slug>/quotes/keep/", quotes.quote_keep, name="quote-keep"),
    path("quotes/<int:pk>/", quotes.quote, name="quote"),
    path("catalogue/<slug:code>/", prices.item, name="item"),
]
