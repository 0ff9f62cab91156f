"""The servers of `make run`: a real PostgreSQL and a real Redis-protocol server from their wheels.

Nothing here imports Django, so that settings may ask where a running portal listens.
"""
