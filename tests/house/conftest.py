"""The caches of this machine stay out of these tests."""

from fixtures import elsewhere

__all__ = ["elsewhere"]

collect_ignore = ["refuse", "nursery.py"]  # programs: importing the first cuts the network
