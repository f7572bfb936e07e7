"""Vectors to learn from: those of one space, or of several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.core.space import Space, Vectors
from impasto.flow.ask import choose_space
from impasto.flow.own_networks import Division, seen_by
from impasto.flow.teaching import LearnOptions, checked_parts, given_parts
from impasto.networks import TUNED

if TYPE_CHECKING:
    from impasto.store import Collection


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The vectors of the spaces that are learned from.

    Parameters
    ----------
    all_vectors : tuple of Vectors
        One per space.
    ids : ndarray of shape (n_images,), int64
        Images that have a vector in each of them, rising.
    """

    all_vectors: tuple[Vectors, ...]
    ids: NDArray[np.int64]

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The spaces, in the order of the vectors' parts."""
        return tuple(vectors.space for vectors in self.all_vectors)

    def values(self, ids: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        """Return the vectors of images, of shape (n, n_features), spaces side by side."""
        from impasto.explore.rows import rows_of

        parts = [one.values[rows_of(one, ids.tolist())] for one in self.all_vectors]
        return np.asarray(parts[0]) if len(parts) == 1 else np.concatenate(parts, axis=1)

    def mirrored(self, ids: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        """Return the vectors of the mirror images, likewise.

        Raises
        ------
        InvalidInput
            When a space has none.
        """
        from impasto.explore.rows import rows_of

        parts = []
        for one in self.all_vectors:
            if one.mirrored is None:
                raise InvalidInput(
                    f"{one.space.title} holds no mirror images to learn from. Embed with --flip "
                    "both, or leave --flips out."
                )
            parts.append(one.mirrored[rows_of(one, ids.tolist())])
        return np.concatenate(parts, axis=1)


def material(collection: Collection, options: LearnOptions) -> Material:
    """Open the vectors of the spaces that the options name.

    Raises
    ------
    NotFound
        When there are no vectors, or no such space.
    InvalidInput
        When a space is named twice, or lacks what a recipe reads.
    """
    _check_recipe(collection, options)
    spaces = [choose_space(collection, name) for name in options.spaces]
    names = [space.name for space in spaces]
    if len(set(names)) < len(names):
        raise InvalidInput(f"A space stands beside another one, not itself: {', '.join(names)}.")
    found = tuple(collection.vectors(space) for space in spaces)
    ids = np.unique(found[0].ids[found[0].ids >= 0])
    for vectors in found[1:]:
        ids = np.intersect1d(ids, vectors.ids)
    return Material(found, ids)


def _check_recipe(collection: Collection, options: LearnOptions) -> None:
    from impasto.learn import RECIPES

    if options.recipe is None:
        return
    recipe = RECIPES[options.recipe]
    if options.space != recipe.space or recipe.space is None:
        return
    have = [info.space.name for info in collection.spaces() if info.rows]
    if not any(name.startswith(recipe.space) for name in have):
        raise InvalidInput(
            f"The recipe {options.recipe} reads {recipe.layer} of {recipe.network}, which "
            f"{collection.name} does not have. Compute it: impasto embed {collection.path} "
            f"{recipe.embed}. Or name other vectors with --space; the report then says so."
        )


def recipe_notes(options: LearnOptions, spaces: tuple[Space, ...]) -> list[str]:
    """Say which recipe was followed, and where its vectors are not those of the work."""
    from impasto.learn import RECIPES

    if options.recipe is None:
        return []
    recipe = RECIPES[options.recipe]
    notes = [f"Recipe {options.recipe}: {recipe.work}."]
    if recipe.space and not all(space.name.startswith(recipe.space) for space in spaces):
        titles = " and ".join(space.title for space in spaces)
        notes.append(
            f"The work reads {recipe.layer} of {recipe.network}; these vectors are {titles}."
        )
    return notes


def seen_by_any(
    collection: Collection, spaces: tuple[Space, ...], ids: NDArray[np.int64], notes: list[str]
) -> Division | None:
    """Return how images were divided when the network of one of the spaces was tuned.

    Raises
    ------
    InvalidInput
        When several were tuned: what one was judged on, the other may know by heart.
    """
    networks = dict.fromkeys(space.network for space in spaces)
    tuned = [name for name in networks if name.startswith(TUNED)]
    if len(tuned) > 1:
        raise InvalidInput(
            f"{' and '.join(tuned)} may each have been tuned on what the other is judged by; name "
            "the vectors of one of them."
        )
    return seen_by(collection, tuned[0], ids, notes) if tuned else None


def grouped(
    collection: Collection,
    stuff: Material,
    ids: NDArray[np.int64],
    values: NDArray[np.floating[Any]],
    options: LearnOptions,
    notes: list[str],
    progress: Progress,
) -> tuple[NDArray[np.int64], Division | None]:
    """Find near-duplicates, which stay on one side, and how a tuned network divided the images.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features)
        Vectors of the images `ids`, spaces side by side; duplicates are near in the first one.
    notes : list of str
        Gains what a reader of the scores must know.

    Returns
    -------
    groups : ndarray of shape (n_images,), int64
    seen : Division or None
        Of a tuned network.
    """
    from impasto import curate

    seen = seen_by_any(collection, stuff.spaces, ids, notes)
    if seen is not None:
        return seen.groups, seen
    if not options.group_duplicates:
        notes.append("Near-duplicates were not kept on one side: the scores may flatter.")
        return np.arange(len(ids)), None
    progress.stage("duplicates", unit="images")
    first = values[:, : stuff.spaces[0].dimension]
    groups = curate.find_duplicates(first, hashes=collection.hashes(ids)).groups
    together = len(ids) - len(np.unique(groups))
    if together:
        notes.append(
            f"{together:,} of {len(ids):,} images are near-duplicates of others; "
            "they stay on the side of those."
        )
    return groups, None


def divided(
    collection: Collection,
    stuff: Material,
    ids: NDArray[np.int64],
    strata: NDArray[Any],
    groups: NDArray[np.int64],
    seen: Division | None,
    options: LearnOptions,
    notes: list[str],
) -> tuple[NDArray[np.str_] | None, NDArray[np.int64] | None]:
    """Return parts or folds: those of a tuned network, those asked for, or those given.

    Parameters
    ----------
    strata : ndarray of shape (n_images,), of str or int
        What is to be alike on all sides.
    """
    from impasto import curate

    if seen is not None:
        return checked_parts(seen.parts, options, stuff.spaces), None
    if options.folds is not None:
        return None, curate.folds(strata, groups, options.folds, seed=options.seed)
    given = given_parts(collection, ids, notes)
    if given is not None:
        return given, None
    shares = (1 - options.test, 0.0, options.test)
    return curate.split(strata, groups, shares=shares, seed=options.seed), None


def mirror_images(
    stuff: Material, ids: NDArray[np.int64], options: LearnOptions, notes: list[str]
) -> NDArray[np.floating[Any]] | None:
    """Return the vectors of the mirror images, when they are to be learned from as well."""
    if not options.heads.flips:
        return None
    notes.append("Mirror images are learned from as well; tested are the images as they are.")
    return stuff.mirrored(ids)
