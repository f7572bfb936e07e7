"""What samplers do to the tags of a collection: the figures of work 1, for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.learn.charts import Line, Panel, chart
from impasto.learn.samplers import Diversity, Sampling, diversity, open_sampler

PARTS = 50
"""Points of the figure of an epoch; each is the mean of as many batches as it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One epoch of a sampler.

    Parameters
    ----------
    title : str
    sampling : Sampling
    diversity : Diversity
    """

    title: str
    sampling: Sampling
    diversity: Diversity


@dataclass(frozen=True, slots=True, eq=False)
class BatchFigures:
    """Several samplers on the same tags.

    Parameters
    ----------
    tags : tuple of str
    images : int
    usual : ndarray of shape (n_tags,), float64
        Frequency of each tag in the data.
    drawn : tuple of Drawn
        The one that matters first.
    """

    tags: tuple[str, ...]
    images: int
    usual: NDArray[np.float64]
    drawn: tuple[Drawn, ...]

    @property
    def warnings(self) -> list[str]:
        """Sentences about samplers that use up the tags before the epoch ends."""
        return [
            f"{each.title}: {warning}"
            for each in self.drawn
            if (warning := each.diversity.warning) is not None
        ]

    @property
    def warned(self) -> list[str]:
        """The warning about the first of them, if there is one."""
        warning = self.drawn[0].diversity.warning
        return [] if warning is None else [warning]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "images": self.images,
            "tags": list(self.tags),
            "frequencies": _rounded(self.usual),
            "samplers": [
                {
                    "title": each.title,
                    "sampler": each.sampling.sampler,
                    "candidates": each.sampling.candidates,
                    "replacement": each.sampling.replacement,
                    "batch": each.sampling.batch,
                    "batches": len(each.diversity.covered),
                    "growth": _rounded(each.diversity.growth),
                    "covered": _rounded(parts_of_epoch(each.diversity.covered)),
                    "entropy": round(float(each.diversity.entropies.mean()), 4),
                    "frequencies": _rounded(each.diversity.frequencies),
                    "tilt": _rounded(each.diversity.tilt),
                    "collapse": round(each.diversity.collapse, 4),
                    "warning": each.diversity.warning,
                }
                for each in self.drawn
            ],
        }


def compare_samplers(
    tags: NDArray[Any], names: Sequence[str], samplings: Sequence[Sampling] = (), *, batch: int = 24
) -> BatchFigures:
    """Draw an epoch of several samplers and measure what each holds.

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    names : sequence of str, n_tags long
    samplings : sequence of Sampling
        None given: random, entropy with 2, 5 and 10 candidates and with 5 but without putting
        images back, class-aware and repeat-factor.
    batch : int
        Images of a batch, when no samplings are given.
    """
    truth = np.asarray(tags).astype(bool)
    return BatchFigures(
        tags=tuple(names),
        images=len(truth),
        usual=truth.mean(axis=0),
        drawn=tuple(
            Drawn(title_of(each), each, diversity(truth, open_sampler(truth, each)))
            for each in samplings or usual_samplings(batch)
        ),
    )


def usual_samplings(batch: int = 24, seed: int = 0) -> list[Sampling]:
    """Return the samplers that are worth comparing."""
    plain = Sampling("random", batch=batch, seed=seed)
    rich = replace(plain, sampler="entropy")
    return [
        plain,
        *(replace(rich, candidates=n) for n in (2, 5, 10)),
        replace(rich, replacement="never"),
        replace(plain, sampler="class-aware"),
        replace(plain, sampler="repeat-factor"),
    ]


def title_of(sampling: Sampling) -> str:
    """Return what to call a sampler."""
    if sampling.sampler != "entropy":
        return sampling.sampler
    more = {"within-batch": "", "never": ", never put back", "always": ", always put back"}
    return f"entropy, {sampling.candidates} candidates{more[sampling.replacement]}"


def parts_of_epoch(covered: NDArray[np.int64], parts: int = PARTS) -> NDArray[np.float64]:
    """Return the mean number of different tags of the batches in each part of the epoch."""
    pieces = np.array_split(covered.astype(np.float64), min(parts, len(covered)))
    return np.array([piece.mean() for piece in pieces])


def draw_batches(figures: BatchFigures, *, ground: bool = False) -> str:
    """Draw diversity against batch size, the course of the epoch and the tags' frequencies.

    The first panel is figure 4 of Ahres & Volk. Returns SVG; see `charts.chart`.
    """
    growth, course, tilts = [], [], []
    order = np.argsort(figures.usual, kind="stable")
    for slot, each in enumerate(figures.drawn):
        found, dotted = each.diversity, each.sampling.replacement == "never"
        size = np.arange(1, len(found.growth) + 1, dtype=np.float64)
        growth.append(Line(each.title, size, found.growth, slot=slot, dotted=dotted))
        covered = parts_of_epoch(found.covered)
        at = (np.arange(len(covered)) + 0.5) / len(covered)
        course.append(Line(each.title, at, covered, slot=slot, dotted=dotted))
        tilts.append(
            Line(each.title, figures.usual[order], found.tilt[order], slot=slot, dotted=dotted)
        )
    most = float(len(figures.tags))
    log = bool(figures.usual.min() > 0)
    return chart(
        [
            Panel("Diversity of a batch", growth, "images of the batch", "different tags"),
            Panel(
                "Through the epoch", course, "part of the epoch", "different tags of a batch",
                wide=(0, 1), tall=(0, max(float(line.y.max()) for line in course) * 1.06 or most),
            ),
            Panel(
                "How often tags come", tilts, "frequency of the tag in the data",
                "times as often as in the data", log=log, level=1.0,
            ),
        ],
        title="What samplers do to the tags",
        columns=3,
        width=1080,
        height=260,
        ground=ground,
    )  # fmt: skip


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), 5) for v in values.tolist()]
