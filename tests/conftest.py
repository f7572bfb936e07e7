"""Fixtures for every room; made when a test asks for them, once per process."""

from fixtures import caches, gallery

__all__ = ["caches", "gallery"]
