"""The fixtures of the whole house."""

from fixtures import caches, elsewhere, gallery

__all__ = ["caches", "elsewhere", "gallery"]

collect_ignore = ["refuse", "nursery.py"]  # programs: importing the first cuts the network
