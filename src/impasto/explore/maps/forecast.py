"""How long t-SNE or UMAP of very many images will take, said before it begins.

Two numbers decide: how fast this machine multiplies matrices, which the caller measures in a
moment, and how long a step of the layout takes per image, which was measured once (on two x86-64
cores at 10,000 to 50,000 images) and is of the right size elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from impasto.explore.maps.records import FIT_ALL, FIT_ON, METHODS, Settings

_STEP = {"tsne": 2e-6 * 750, "umap": 4e-6 * 200}  # seconds per image: a step, times the steps
_SHARE = (
    0.75  # of that speed which is left when the nearest are picked as well: 0.9 at a million images
)
_FINISH = 6e-5  # seconds per image: its cell in the grid, and reading it


def forecast(settings: Settings, n: int, d: int, speed: float) -> str:
    """Say how a map of many images is laid out, and about how long that takes on this machine.

    Parameters
    ----------
    settings : Settings
    n, d : int
        Images, and numbers of each vector.
    speed : float
        Multiplications and additions of matrices per second.

    Returns
    -------
    str
        "" where nothing has to be said: with PCA, or when all of a few images are laid out.
    """
    if settings.method == "pca" or n <= FIT_ALL:
        return ""
    name, some = METHODS[settings.method], settings.fitted(n)
    spent = [words(seconds(one, n, d, speed)) for one in (settings, replace(settings, fit_on=0))]
    if some < n:
        return (
            f"{name} lays out {some:,} of {n:,} images, drawn by lot, and the others are put "
            f"beside those they resemble: about {spent[0]} here. To lay out all (fit on 0) would "
            f"take about {spent[1]}."
        )
    drawn = replace(settings, fit_on=FIT_ON)
    return (
        f"{name} of all {n:,} images takes about {spent[1]} here; fitted on {FIT_ON:,} of them, "
        f"the others put beside those they resemble, it would take about "
        f"{words(seconds(drawn, n, d, speed))}."
    )


def seconds(settings: Settings, n: int, d: int, speed: float) -> float:
    """Estimate the time of a map.

    Parameters
    ----------
    settings : Settings
        Of t-SNE or UMAP.
    n, d, speed
        As for `forecast`.
    """
    some = settings.fitted(n)
    pairs = some * some / 2 + (n - some) * some
    return pairs * 2 * d / (_SHARE * speed) + some * _STEP[settings.method] + n * _FINISH


def words(spent: float) -> str:
    """Write a rough time as people say it.

    Examples
    --------
    >>> words(40), words(700), words(9000), words(200_000)
    ('1 minute', '12 minutes', '2.5 hours', '56 hours')
    """
    minutes = max(1, round(spent / 60))
    if minutes < 90:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = spent / 3600
    return f"{hours:.1f} hours" if hours < 10 else f"{hours:.0f} hours"
