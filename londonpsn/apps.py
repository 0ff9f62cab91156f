from django.apps import AppConfig


class LondonPSNConfig(AppConfig):
    name = "londonpsn"
    verbose_name = "LondonPSN"
