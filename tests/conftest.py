"""Fixtures for every room; made when a test asks for them, once per process."""

from fixtures import caches, elsewhere, gallery, own, towers

__all__ = ["caches", "elsewhere", "gallery", "own", "towers"]
