from django.urls import path

from procurement.views import moves, savings, spend

urlpatterns = [
    path("c/<slug:slug>/savings/", savings.savings, name="savings"),
    path("c/<slug:slug>/spend/", spend.spend, name="spend"),
    path("c/<slug:slug>/spend/upload/", spend.spend_upload, name="spend-upload"),
    path("lines/<int:pk>/", moves.line, name="line"),
    path("moves/<int:pk>/", moves.move, name="move"),
]
