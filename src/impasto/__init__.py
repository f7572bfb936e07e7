"""impasto: look at, learn from and look inside image collections through deep networks."""

from typing import TYPE_CHECKING, Any

from impasto._version import __version__

if TYPE_CHECKING:
    from impasto.library import Collection, open, show  # noqa: A004

__all__ = ["Collection", "__version__", "open", "show"]


def __getattr__(name: str) -> Any:
    """Import the library when it is first used, so that ``import impasto`` stays quick."""
    if name in ("Collection", "open", "show"):
        from impasto import library

        return getattr(library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
