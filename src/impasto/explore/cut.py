"""Where to cut a ranking: how much of what lies above a similarity is background.

The false discovery rate of the images above a similarity t, estimated directly (Storey, "A
direct approach to false discovery rates", 2002):

    FDR(t) = π0 · N · P(t) / #(images at or above t)

P(t) is the share of the background (random pairs, or random queries of the same make) at or
above t, counted with one pair more than there is, so that it is never 0. N is the number of
images, and π0 the share of them that is unrelated to the query, estimated from the lower half
of the background: twice the share of images below its median, at most 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

SHARE = 0.1
"""Background that a suggested cut lets in: one image in ten."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A similarity to cut at, and what to expect above it.

    Parameters
    ----------
    similarity : float
    count : int
        Images at or above it.
    expected : float
        Of these, how many background alone would put there.
    share : float
        ``expected / count``, at most 1.
    """

    similarity: float
    count: int
    expected: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What a cut at each of several similarities would take, and how much of it is background.

    Parameters
    ----------
    similarities : ndarray of shape (n,), float64
        Rising.
    counts : ndarray of shape (n,), int64
        Images at or above each.
    expected : ndarray of shape (n,), float64
        Of these, how many background alone would put there.
    shares : ndarray of shape (n,), float64
        ``expected / counts``, at most 1; NaN where no image is.
    unrelated : float
        π0, the estimated share of all images that is unrelated to the query, 0 to 1.
    total : int
        Images compared.
    """

    similarities: NDArray[np.float64]
    counts: NDArray[np.int64]
    expected: NDArray[np.float64]
    shares: NDArray[np.float64]
    unrelated: float
    total: int

    def at(self, index: int) -> Cut:
        """Return the cut at one of the similarities."""
        return Cut(
            float(self.similarities[index]),
            int(self.counts[index]),
            float(self.expected[index]),
            float(self.shares[index]),
        )

    def suggest(self, share: float = SHARE) -> Cut | None:
        """Return the cut that takes most images with at most that share of background.

        None when there is none: nothing stands out from the background, or more than half of
        all images do, and no cut parts them from the rest.
        """
        if not 0 < share < 1:
            raise InvalidInput(f"The share of background lies between 0 and 1, not at {share}.")
        fits = np.flatnonzero((self.counts > 0) & (self.shares <= share))
        if len(fits) == 0 or self.counts[fits[0]] > self.total / 2:
            return None
        return self.at(int(fits[0]))

    def sentence(self, share: float = SHARE) -> str:
        """Say what `suggest` found, or why nothing."""
        cut = self.suggest(share)
        if cut is not None:
            images = "1 image is" if cut.count == 1 else f"{cut.count:,} images are"
            return (
                f"From {cut.similarity:.3f} on {images} more similar than background; about "
                f"{cut.share:.1%} of them would be there without being related."
            )
        if bool(((self.counts > 0) & (self.shares <= share)).any()):
            return (
                "No cut: most of the collection is more similar to this query than background "
                "is, so there is no rest to part it from."
            )
        return (
            f"No cut: nothing stands out. However high the similarity, more than {share:.0%} of "
            "the images above it are what background alone would put there."
        )


def curve(
    similarities: NDArray[np.float32],
    background: NDArray[np.float32],
    at: NDArray[np.float64],
) -> Curve:
    """Estimate the share of background above each of some similarities.

    Parameters
    ----------
    similarities : ndarray of shape (n_images,), float32
        Of one query; NaN is left out.
    background : ndarray of shape (n_pairs,), float32
        Of what is not related, rising.
    at : ndarray of shape (n,), float64
        Rising.

    Returns
    -------
    Curve
    """
    rising = np.sort(similarities[~np.isnan(similarities)]).astype(np.float64)
    pairs = background.astype(np.float64)
    total = len(rising)
    counts = total - np.searchsorted(rising, at, side="left")
    above = len(pairs) - np.searchsorted(pairs, at, side="left")
    unrelated = _unrelated(rising, pairs)
    expected = unrelated * total * (1 + above) / (1 + len(pairs))
    shares = np.divide(expected, counts, out=np.full(len(at), np.nan), where=counts > 0)
    return Curve(at, counts, expected, np.minimum(shares, 1), unrelated, total)


def _unrelated(rising: NDArray[np.float64], pairs: NDArray[np.float64]) -> float:
    """Estimate π0: half of what is unrelated lies below the median of the background.

    One image more than there is counts as unrelated, so that it is never 0.
    """
    if len(rising) == 0 or len(pairs) == 0:
        return 1.0
    below = int(np.searchsorted(rising, np.median(pairs), side="left"))
    return min(1.0, 2 * (below + 1) / len(rising))
