"""Which images make up a batch: samplers for images with many, skewed tags.

Each sampler is an iterable of lists of row numbers with a length and `set_epoch`: what torch's
``DataLoader(batch_sampler=...)`` takes, and just as well a plain generator of indices. The same
seed and epoch give the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.registry import Registry

Replacement = Literal["within-batch", "never", "always"]
Rows = NDArray[np.int64]

REPLACEMENTS: tuple[Replacement, ...] = ("within-batch", "never", "always")
TIE = 1e-12
"""Entropies closer than this are equal, whatever the order in which they were summed."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How batches are drawn.

    Parameters
    ----------
    sampler : str
        A name in `SAMPLERS`: "random", "entropy", "class-aware" or "repeat-factor".
    batch : int
        Images of a batch.
    seed : int
    candidates : int
        Images that "entropy" chooses each next one from; with 1 it is "random".
    replacement : {"within-batch", "never", "always"}
        What "entropy" may draw again. "within-batch": no image twice in a batch, all of them in
        the next one. "never": an image that was chosen is gone for the epoch (the published
        ``replacement = False``), which leaves the last batches with what nobody wanted.
        "always": even twice in a batch (the published ``replacement = True``).
    threshold : float
        Frequency of a tag below which "repeat-factor" repeats its images.
    drop_last : bool
        Leave out a last batch that is not full.
    """

    sampler: str = "random"
    batch: int = 24
    seed: int = 0
    candidates: int = 5
    replacement: Replacement = "within-batch"
    threshold: float = 0.1
    drop_last: bool = False

    def __post_init__(self) -> None:
        """Check the numbers; the sampler is looked up where it is used."""
        if self.batch < 1 or self.candidates < 1:
            raise InvalidInput(
                f"A batch and its candidates are at least 1, not {self.batch} and "
                f"{self.candidates}."
            )
        if self.replacement not in REPLACEMENTS:
            raise InvalidInput(
                f"replacement can be {', '.join(REPLACEMENTS)}, not {self.replacement!r}."
            )
        if not 0 < self.threshold <= 1:
            raise InvalidInput(f"threshold is a frequency in (0, 1], not {self.threshold}.")


class Sampler(Protocol):
    """Batches of an epoch, in order."""

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch."""

    def __len__(self) -> int:
        """Count the batches of an epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, numbered from 0, whose batches come next."""


class MakeSampler(Protocol):
    """Builds a sampler from tags and settings."""

    def __call__(self, tags: NDArray[np.bool_], sampling: Sampling, /) -> Sampler:
        """Build it."""


SAMPLERS: Registry[MakeSampler] = Registry("sampler")


def open_sampler(tags: NDArray[Any], sampling: Sampling) -> Sampler:
    """Return the sampler that `sampling` names.

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
        Which image has which tag.
    sampling : Sampling

    Raises
    ------
    InvalidInput
        When there is no image, or no tag.
    NotFound
        When there is no such sampler.

    Examples
    --------
    >>> tags = np.eye(4, dtype=bool).repeat(3, axis=0)  # twelve images, one tag each
    >>> batches = open_sampler(tags, Sampling("entropy", batch=4, candidates=12))
    >>> [sorted(row // 3 for row in batch) for batch in batches]  # every batch has every tag
    [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]]
    """
    make = SAMPLERS[sampling.sampler]
    if tags.ndim != 2 or 0 in tags.shape:
        raise InvalidInput(
            f"Tags are an array of shape (n_images, n_tags) with at least one of each, not "
            f"{tags.shape}."
        )
    return make(tags.astype(bool), sampling)


class _Epochs:
    """What all samplers share: the number of batches, and a random generator for each epoch."""

    def __init__(self, tags: NDArray[np.bool_], sampling: Sampling) -> None:
        self.tags, self.sampling = tags, sampling
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose batches come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return self._count(len(self.tags))

    def _count(self, images: int) -> int:
        whole, rest = divmod(images, self.sampling.batch)
        return whole + (rest > 0 and not self.sampling.drop_last)

    def _chance(self) -> np.random.Generator:
        return np.random.default_rng([self.sampling.seed, self.epoch])

    def _cut(self, order: Rows) -> Iterator[list[int]]:
        """Cut a sequence of rows into batches."""
        size = self.sampling.batch
        for number in range(self._count(len(order))):
            yield order[number * size : (number + 1) * size].tolist()


@SAMPLERS.named("random")
class RandomSampler(_Epochs):
    """Every image once an epoch, in random order."""

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch."""
        return self._cut(self._chance().permutation(len(self.tags)))


@SAMPLERS.named("class-aware")
class ClassAwareSampler(_Epochs):
    """All tags equally often: a tag in turn, then a random image that has it.

    Shen, Lin & Huang, "Relay backpropagation for effective learning of deep convolutional neural
    networks", ECCV 2016, section 4.1. With several tags an image drags its other tags along, so
    that the frequencies come nearer to each other but not equal. Images without a tag never come.
    """

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch."""
        chance = self._chance()
        having = [rows for column in self.tags.T if len(rows := np.flatnonzero(column))]
        if not having:
            raise InvalidInput("No image has a tag; there is nothing to be aware of.")
        n = len(self.tags)
        rounds = -(-n // len(having))
        turns = np.concatenate([chance.permutation(len(having)) for _ in range(rounds)])[:n]
        queues = [_Shuffled(rows, chance) for rows in having]
        return self._cut(np.array([queues[tag].next() for tag in turns], np.int64))


class _Shuffled:
    """Rows in random order, all of them before any of them again."""

    def __init__(self, rows: Rows, chance: np.random.Generator) -> None:
        self._rows, self._chance = rows, chance
        self._left: list[int] = []

    def next(self) -> int:
        if not self._left:
            self._left = self._chance.permutation(self._rows).tolist()
        return self._left.pop()


@SAMPLERS.named("repeat-factor")
class RepeatFactorSampler(_Epochs):
    """Images of rare tags several times an epoch.

    A tag of frequency f asks for ``max(1, sqrt(threshold / f))`` repetitions, an image for the
    most that one of its tags does; the fraction of a repetition is drawn. Gupta, Dollár &
    Girshick, "LVIS: A dataset for large vocabulary instance segmentation", CVPR 2019,
    appendix B.
    """

    def __init__(self, tags: NDArray[np.bool_], sampling: Sampling) -> None:
        super().__init__(tags, sampling)
        frequency = tags.mean(axis=0)
        wanted = np.sqrt(sampling.threshold / np.maximum(frequency, 1 / (2 * len(tags))))
        self.factors = np.where(tags, np.maximum(wanted, 1), 1.0).max(axis=1)  # (n_images,)

    def __len__(self) -> int:
        """Count the batches of the epoch chosen: its length is drawn, too."""
        return self._count(int(self._times(self._chance()).sum()))

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch."""
        chance = self._chance()
        repeated = np.repeat(np.arange(len(self.tags)), self._times(chance))
        return self._cut(chance.permutation(repeated))

    def _times(self, chance: np.random.Generator) -> NDArray[np.int64]:
        whole = np.floor(self.factors)
        more = chance.random(len(self.factors)) < self.factors - whole
        times: NDArray[np.int64] = (whole + more).astype(np.int64)
        return times


@SAMPLERS.named("entropy")
class EntropySampler(_Epochs):
    """Batches rich in different tags: each next image is the best of some random candidates.

    Ahres & Volk, "Abstract concept & emotion detection in tagged images with CNNs", section 4.3,
    Algorithms 1 and 2: the candidate that gives the batch the largest entropy of its tags
    (eq. 5 and 6, logarithm to base 2) joins it; ties go to the one drawn first. The text says
    that a new tag always beats one that is there already; that holds for images of one tag only,
    and here as there the largest entropy decides. Deviations: candidates of one draw are
    distinct; the mode "within-batch" is ours; images without a tag take part only when given.

    The entropy is kept up to date instead of summed anew: with n_i the occurrences of tag i in
    the batch, M their sum and S = Σ n_i log2 n_i, it is ``log2 M - S / M``.
    """

    def __init__(self, tags: NDArray[np.bool_], sampling: Sampling) -> None:
        super().__init__(tags, sampling)
        n, self.n_tags = tags.shape
        most = max(1, int(tags.sum(axis=1).max()))
        rows, columns = np.nonzero(tags)
        place = np.arange(len(rows)) - np.searchsorted(rows, rows)
        # Tags of each image, filled up with a tag that is none: its count never moves.
        self.listed = np.full((n, most), self.n_tags, np.int64)  # (n_images, most)
        self.listed[rows, place] = columns
        self.lengths = tags.sum(axis=1)  # (n_images,)
        size = sampling.batch
        bits = _n_log_n(size + 1)
        self.steps = np.append(np.diff(bits), 0.0)  # what one more occurrence adds to S
        self.logs = np.log2(np.maximum(np.arange(size * most + 1), 1))

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch."""
        chance, size = self._chance(), self.sampling.batch
        pool = np.arange(len(self.tags))
        left = len(pool)
        for number in range(len(self)):
            ends = number == len(self) - 1
            wanted = min(size, len(self.tags) - number * size) if ends else size
            batch, left = self._fill(chance, pool, left, wanted)
            yield batch
            if self.sampling.replacement == "within-batch":
                left = len(pool)

    def _fill(
        self, chance: np.random.Generator, pool: Rows, left: int, wanted: int
    ) -> tuple[list[int], int]:
        """Choose the images of one batch from the first `left` of the pool (Algorithm 1)."""
        counts = np.zeros(self.n_tags + 1, np.int64)
        counts[-1] = len(self.steps) - 1
        total, spent = 0, 0.0  # M and S
        batch: list[int] = []
        for _ in range(wanted):
            if left == 0:  # "within-batch" with fewer images than a batch holds
                left = len(pool)
            drawn = chance.choice(left, min(self.sampling.candidates, left), replace=False)
            rows = pool[drawn]
            more = self.steps[counts[self.listed[rows]]].sum(axis=1)  # (n_candidates,)
            totals = total + self.lengths[rows]
            entropies = self.logs[totals] - (spent + more) / np.maximum(totals, 1)
            best = int(np.argmax(entropies >= entropies.max() - TIE))  # Algorithm 2
            row = int(rows[best])
            batch.append(row)
            counts[self.listed[row, : self.lengths[row]]] += 1
            total, spent = int(totals[best]), spent + float(more[best])
            if self.sampling.replacement != "always":
                left -= 1
                pool[[drawn[best], left]] = pool[[left, drawn[best]]]
        return batch, left


def entropy(tags: NDArray[Any]) -> float:
    """Return the entropy of the tags of some images, in bits (eq. 5 and 6 of Ahres & Volk).

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool or 0/1

    Returns
    -------
    float
        0 for no tag or one tag, log2(n_tags) when all occur equally often.

    Examples
    --------
    >>> entropy(np.eye(8))
    3.0
    """
    counts = np.asarray(tags).sum(axis=0, dtype=np.float64)
    total = float(counts.sum())
    if total == 0:
        return 0.0
    present = counts[counts > 0]
    return max(0.0, float(np.log2(total) - (present * np.log2(present)).sum() / total))


@dataclass(frozen=True, slots=True, eq=False)
class Diversity:
    """What a sampler does to the tags, over one epoch.

    Parameters
    ----------
    covered : ndarray of shape (n_batches,), int64
        Different tags in each batch, in the order of the batches.
    entropies : ndarray of shape (n_batches,), float64
        Bits.
    growth : ndarray of shape (batch,), float64
        Mean number of different tags among the first 1, 2, 3 … images of a batch (figure 4 of
        Ahres & Volk).
    frequencies : ndarray of shape (n_tags,), float64
        Share of the images drawn that have the tag.
    tilt : ndarray of shape (n_tags,), float64
        How many times as frequent as in the data; NaN for a tag that no image has.
    """

    covered: NDArray[np.int64]
    entropies: NDArray[np.float64]
    growth: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    tilt: NDArray[np.float64]

    @property
    def collapse(self) -> float:
        """Tags in the last tenth of the batches as a share of those in the first tenth."""
        tenth = max(1, len(self.covered) // 10)
        first = float(self.covered[:tenth].mean())
        return float(self.covered[-tenth:].mean()) / first if first > 0 else 1.0

    @property
    def warning(self) -> str | None:
        """A sentence when the end of the epoch lacks the tags that its beginning used up."""
        if self.collapse >= 0.75:
            return None
        tenth = max(1, len(self.covered) // 10)
        return (
            f"The last tenth of the batches holds {self.covered[-tenth:].mean():.1f} different "
            f"tags each, the first tenth {self.covered[:tenth].mean():.1f}: the sampler used them "
            'up. Take replacement "within-batch", or end the epoch earlier.'
        )


def diversity(tags: NDArray[Any], sampler: Sampler) -> Diversity:
    """Draw one epoch and measure what it holds.

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    sampler : Sampler
        Opened for the same tags.
    """
    truth = np.asarray(tags).astype(bool)
    batches = list(sampler)
    longest = max((len(batch) for batch in batches), default=0)
    full = [batch for batch in batches if len(batch) == longest]
    growth = np.zeros(longest)
    for batch in full:
        seen = np.logical_or.accumulate(truth[batch], axis=0)  # (batch, n_tags)
        growth += seen.sum(axis=1)
    drawn = np.concatenate([np.asarray(batch, np.int64) for batch in batches])
    frequencies = truth[drawn].mean(axis=0)
    usual = truth.mean(axis=0)
    return Diversity(
        covered=np.array([truth[batch].any(axis=0).sum() for batch in batches], np.int64),
        entropies=np.array([entropy(truth[batch]) for batch in batches]),
        growth=growth / max(1, len(full)),
        frequencies=frequencies,
        tilt=np.divide(frequencies, usual, out=np.full(len(usual), np.nan), where=usual > 0),
    )


def _n_log_n(most: int) -> NDArray[np.float64]:
    """Return ``n log2 n`` for n from 0 to `most`."""
    n = np.arange(most + 1, dtype=np.float64)
    return n * np.log2(np.maximum(n, 1))
