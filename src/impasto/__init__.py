"""impasto: look at, learn from and look inside image collections through deep networks."""

from impasto._version import __version__

__all__ = ["__version__"]
