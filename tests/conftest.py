"""Fixtures for every room; made when a test asks for them, once per process."""

from fixtures import caches, elsewhere, gallery, own

__all__ = ["caches", "elsewhere", "gallery", "own"]
