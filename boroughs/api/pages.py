from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """``count, next, previous, results``; 100 rows unless ``limit`` says so, 1,000 at most."""

    default_limit = 100
    max_limit = 1_000
