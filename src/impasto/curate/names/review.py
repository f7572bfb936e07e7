"""Classes to look over with their pictures: one HTML file that asks no one for anything."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from impasto.core.records import Image
from impasto.curate.names.audit import ClassAudit
from impasto.curate.names.known import Known

Picture = Callable[[int], bytes | None]


@dataclass(frozen=True, slots=True)
class ClassSeen:
    """A class, and what is known of it before anyone decides.

    Parameters
    ----------
    name : str
    images : int
        Whose names fit it and no other class.
    accept : bool or None
        What is proposed; None where a person should look.
    doubts : tuple of str
        Why it may be ambiguous, or is not accepted.
    companions : tuple of (str, int)
        Words beside it in the names, with counts.
    meanings : tuple of str
        Of WordNet, where it is at hand.
    known : Known or None
        How well a reference network knows it.
    """

    name: str
    images: int
    accept: bool | None
    doubts: tuple[str, ...] = ()
    companions: tuple[tuple[str, int], ...] = ()
    meanings: tuple[str, ...] = ()
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An image on the page."""

    id: int
    name: str
    path: str
    sha256: str

    @classmethod
    def of(cls, image: Image) -> Shown:
        """Take what the page needs from an image."""
        digest = "" if image.sha256 is None else image.sha256.hex()
        return cls(image.id, image.name, image.path, digest)


def render_review(
    classes: Sequence[tuple[ClassSeen, Sequence[Shown]]],
    audit: ClassAudit,
    *,
    title: str,
    several: Sequence[tuple[Shown, Sequence[str]]] = (),
    left: Sequence[tuple[str, int]] = (),
    notes: Sequence[str] = (),
    pictures: Picture,
) -> str:
    """Write the page; a button on it saves the decisions made there as lines of an audit.

    Parameters
    ----------
    classes : sequence of (ClassSeen, sequence of Shown)
        Each with some of its pictures, those that need a look first.
    audit : ClassAudit
        What is proposed.
    title : str
    several : sequence of (Shown, sequence of str)
        Images whose names fit several classes, with these.
    left : sequence of (str, int)
        Words that fit no class, with counts.
    notes : sequence of str
    pictures : callable
        Image id to the bytes of a small JPEG; None where there is no picture.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("impasto.curate.names"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    kept = sum(bool(one.accept) for one, _ in classes)
    open_ = sum(one.accept is None for one, _ in classes)
    images = sum(one.images for one, _ in classes)
    return environment.get_template("review.html.jinja").render(
        title=title,
        verdict=(
            f"{images:,} images fit one of {len(classes):,} classes; {kept:,} are proposed, "
            f"{open_:,} need a look."
        ),
        notes=notes,
        classes=[_Line(one, shown) for one, shown in classes],
        several=several,
        left=left,
        audit=audit.lines(),
        percent=_percent,
        picture=lru_cache(maxsize=None)(lambda image: _address(pictures(image))),
    )


class _Line:
    """A class with its pictures, for the template."""

    def __init__(self, seen: ClassSeen, shown: Sequence[Shown]) -> None:
        self.seen, self.shown = seen, shown

    def __getattr__(self, name: str) -> object:
        return getattr(self.seen, name)


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.0f}\u00a0%"


def _address(data: bytes | None) -> str | None:
    if data is None:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
