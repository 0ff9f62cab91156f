"""The synthetic data set: real councils, everything else invented and repeatable.

Drawn by ``generate`` from the tables beside this file, written by ``load``. Sections named in
comments are those of the demo data specification.
"""
