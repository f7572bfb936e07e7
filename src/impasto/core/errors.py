"""The one exception tree: every message says what was given, what is allowed, what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ImpastoError(Exception):
    """Anything a user can do something about; the command line prints it without a traceback."""


class InvalidInput(ImpastoError):
    """An argument, option or file that the caller can correct."""


class NotFound(ImpastoError):
    """A named thing (image, space, model, network, label, tag) that does not exist."""


class WrongCollection(ImpastoError):
    """A folder that is not a collection, or one of a newer format."""


class Busy(ImpastoError):
    """Another process is writing the same collection."""


class SpaceMismatch(ImpastoError):
    """Vectors of two different spaces were about to be compared."""


class MissingWeights(ImpastoError):
    """A network whose weights are not at hand; the message says where to get them."""


class MissingExtra(ImpastoError):
    """An optional package that a feature needs is not installed."""


class Cancelled(ImpastoError):
    """The user stopped a long task; what was committed stays."""


def not_found(kind: str, given: object, known: Iterable[str]) -> NotFound:
    """Build the usual message: what was asked for, near spellings, else what there is.

    Examples
    --------
    >>> str(not_found("network", "vgg91", ["vgg16", "vgg19"]))
    "No network 'vgg91'. Did you mean 'vgg19' or 'vgg16'?"
    """
    names = sorted(known)
    near = get_close_matches(str(given), names, n=3)
    if near:
        return NotFound(f"No {kind} {given!r}. Did you mean {_either(near)}?")
    if not names:
        return NotFound(f"No {kind} {given!r}: there is none yet.")
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return NotFound(f"No {kind} {given!r}. There are: {shown}.")


def _either(names: list[str]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]
