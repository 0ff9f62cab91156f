"""Every write of who and where."""
