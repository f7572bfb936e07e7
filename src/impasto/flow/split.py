"""Divide a collection into train, validation and test, and look for leaks into other sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, not_found
from impasto.core.progress import Progress, Quiet
from impasto.core.records import SPLITS, Split
from impasto.flow.leaks import Held, LeakedFrom, find_leaks, values_of
from impasto.flow.places import named_collection

if TYPE_CHECKING:
    from impasto.store import Collection

By = Literal["label", "tags", "nothing"]
Missing = Literal["refuse", "alone", "together"]
OnLeaks = Literal["tell", "train", "leave-out"]

OFF = 0.03
"""How far a part may be from the share it was to have before a note says so."""

SPLIT = "split"
"""Name under which a collection keeps how it was divided."""


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How to divide a collection.

    Parameters
    ----------
    shares : tuple of 3 floats
        Of train, validation and test; they need not add up to 1.
    by : {"label", "tags", "nothing"}
        What is shared out alike: the one label; the tags, by iterative stratification; or
        nothing. Images without a label or tag then keep the split they have.
    group : tuple of str
        Images that share one of these stay together: a property, ``folder`` or ``root``.
    missing : {"refuse", "alone", "together"}
        Images without such a property are refused, each a group of its own, or one group.
    group_duplicates : bool
        Copies and near-duplicates stay together.
    space : str or None
        Where near-duplicates are looked for; None: the newest.
    against : tuple of str
        Collections, or models in them, whose training images must not be tested on here.
    on_leaks : {"tell", "train", "leave-out"}
        What becomes of test and validation images that leak from `against`.
    seed : int
    """

    shares: tuple[float, float, float] = (0.8, 0.0, 0.2)
    by: By = "label"
    group: tuple[str, ...] = ()
    missing: Missing = "refuse"
    group_duplicates: bool = True
    space: str | None = None
    against: tuple[str, ...] = ()
    on_leaks: OnLeaks = "tell"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the choices."""
        for name, given, allowed in (
            ("by", self.by, get_args(By)),
            ("missing", self.missing, get_args(Missing)),
            ("on_leaks", self.on_leaks, get_args(OnLeaks)),
        ):
            if given not in allowed:
                raise InvalidInput(f"{name} can be {', '.join(allowed)}, not {given!r}.")
        if not 0 <= self.seed < 2**32:
            raise InvalidInput(f"A seed lies between 0 and {2**32 - 1:,}, not {self.seed}.")

    @property
    def title(self) -> str:
        """What people read in the history of edits."""
        total = sum(self.shares)
        ratio = "/".join(f"{100 * share / total:.3g}" for share in self.shares if share)
        within = "" if self.by == "nothing" else f" by {self.by}"
        return f"Split {ratio}{within}, seed {self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """How a collection was divided.

    Parameters
    ----------
    ids : ndarray of shape (n_images,), int64
    parts : ndarray of shape (n_images,), str
        "train", "validation", "test", or "" for images that were left out.
    names : tuple of str
        Labels or tags that were shared out, the most frequent first.
    counts : ndarray of shape (n_names, 3), int64
        Their images in train, validation and test.
    wanted : tuple of 3 floats
        Shares asked for, adding up to 1.
    groups : int
        How many groups the images form; none of them is in two parts.
    changed : int
        Images whose split changed, or would.
    leaks : tuple of LeakedFrom
    notes : tuple of str
    """

    ids: NDArray[np.int64]
    parts: NDArray[np.str_]
    names: tuple[str, ...]
    counts: NDArray[np.int64]
    wanted: tuple[float, float, float]
    groups: int
    changed: int
    leaks: tuple[LeakedFrom, ...]
    notes: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Images in train, validation and test."""
        return tuple(int((self.parts == part).sum()) for part in SPLITS)

    def to_json(self) -> dict[str, Any]:
        """Return what ``impasto split --json`` prints."""
        return {
            "images": len(self.ids),
            "groups": self.groups,
            "changed": self.changed,
            "parts": dict(zip(SPLITS, self.sizes, strict=True)),
            "wanted": dict(zip(SPLITS, self.wanted, strict=True)),
            "counts": [
                {"name": name, **dict(zip(SPLITS, row, strict=True))}
                for name, row in zip(self.names, self.counts.tolist(), strict=True)
            ],
            "leaks": [leak.to_json() for leak in self.leaks],
            "notes": list(self.notes),
        }


def split(
    collection: Collection,
    options: SplitOptions | None = None,
    *,
    keep: bool = True,
    progress: Progress | None = None,
) -> Divided:
    """Divide a collection, store the parts as one edit, and tell what leaks.

    Parameters
    ----------
    collection : Collection
    options : SplitOptions, optional
    keep : bool
        False: only say what would come out.
    progress : Progress, optional

    Raises
    ------
    InvalidInput, NotFound
        Before anything is written: nothing to divide, one label only, images without the property
        that groups them, another collection that is none.
    """
    from impasto import curate

    options, progress = options or SplitOptions(), progress or Quiet()
    for path in options.against:
        if named_collection(path).resolve() == collection.path:
            raise InvalidInput(
                f"{collection.name} can't be checked against itself; name another collection, or "
                "a model's folder."
            )
    notes: list[str] = []
    ids, names, rows, codes = _what(collection, options, notes)
    groups = _groups(collection, ids, options, notes, progress)
    if len(np.unique(groups)) < 2:
        raise InvalidInput("All images belong to one group: there is nothing to divide.")
    if options.by == "label":
        labels = np.empty(len(ids), np.int64)
        labels[rows] = codes
        parts = curate.split(labels, groups, shares=options.shares, seed=options.seed)
    else:
        which = np.zeros((len(ids), len(names)), bool)
        which[rows, codes] = True
        parts = curate.split_tags(which, groups, shares=options.shares, seed=options.seed)
    held = Held(ids, parts, groups, None if options.group_duplicates else "the train part itself")
    leaks, leaking = find_leaks(collection, held, options.against, options.space, notes, progress)
    if options.on_leaks != "tell" and leaking.any():
        parts = _moved(parts, np.isin(groups, groups[leaking]), options, notes)
    counts = np.array(
        [np.bincount(codes[parts[rows] == part], minlength=len(names)) for part in SPLITS]
    ).T
    _check_parts(parts, groups, options, notes)
    _note_rare(names, counts, options, notes)
    given = {
        image: cast("Split | None", part or None)
        for image, part in zip(ids.tolist(), parts.tolist(), strict=True)
    }
    if keep:
        changed = collection.assign_splits(given, options.title)
    else:
        known, codes = collection.splits()
        now = {image: SPLITS[code] for image, code in zip(known.tolist(), codes, strict=True)}
        changed = sum(now.get(image) != part for image, part in given.items())
    total = sum(options.shares)
    train, validation, test = (share / total for share in options.shares)
    made = Divided(
        ids,
        parts,
        names,
        counts,
        (train, validation, test),
        len(np.unique(groups)),
        changed,
        leaks,
        tuple(notes),
    )
    if keep:
        kept = {name: getattr(options, name) for name in SplitOptions.__slots__}
        collection.save_report(SPLIT, {"options": kept, **made.to_json()})
    return made


def _what(
    collection: Collection, options: SplitOptions, notes: list[str]
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Return the images to divide, the names, and which image (row) has which (code)."""
    every = collection.order()
    if not len(every):
        raise InvalidInput(f"{collection.name} has no images to divide; add some first.")
    if options.by == "nothing":
        none = np.empty(0, np.int64)
        return np.sort(every), (), none, none
    kind: Literal["label", "tag"] = "label" if options.by == "label" else "tag"
    known = collection.memberships(kind)
    if not known.names:
        raise InvalidInput(
            f"{collection.name} has no {kind}s to share out alike; "
            f"{kind} images first, or divide with `--by nothing`."
        )
    if kind == "label" and len(known.names) == 1:
        raise InvalidInput(
            f"All labelled images of {collection.name} have the label {known.names[0]!r}, so there "
            "is nothing to share out alike; divide with `--by nothing`."
        )
    ids, rows = np.unique(known.ids, return_inverse=True)
    if len(every) > len(ids):
        word = "image" if len(every) - len(ids) == 1 else "images"
        notes.append(
            f"{len(every) - len(ids):,} {word} without {kind}s keep the split they have, if any."
        )
    return ids, known.names, rows, known.codes


def _groups(
    collection: Collection,
    ids: NDArray[np.int64],
    options: SplitOptions,
    notes: list[str],
    progress: Progress,
) -> NDArray[np.int64]:
    from impasto import curate

    groupings = [np.arange(len(ids), dtype=np.int64)]
    groupings += [_grouped_by(collection, ids, name, options.missing) for name in options.group]
    if not options.group_duplicates:
        notes.append("Copies and near-duplicates were not kept together: scores may flatter.")
        return curate.join_groups(*groupings)
    hashes = collection.hashes(ids)
    groupings.append(curate.grouped(hashes))
    values, space = values_of(collection, ids, options.space)
    if values is None:
        notes.append(
            "There are no vectors, so only exact copies were kept together; after `impasto embed` "
            "near-duplicates are, too."
        )
        return curate.join_groups(*groupings)
    here = np.flatnonzero(np.isfinite(values).all(axis=1))
    if len(here) < len(ids):
        notes.append(
            f"{len(ids) - len(here):,} images have no vector in {space}; of them only exact copies "
            "were kept together."
        )
    near = np.arange(len(ids), dtype=np.int64) + len(ids)
    progress.stage("duplicates", len(here), unit="images")
    near[here] = curate.find_duplicates(values[here], progress=progress).groups
    groupings.append(near)
    together = len(ids) - len(np.unique(curate.join_groups(*groupings[-2:])))
    if together:
        notes.append(
            f"{together:,} of {len(ids):,} images are copies or near-duplicates of others and "
            "stay with them."
        )
    return curate.join_groups(*groupings)


def _grouped_by(
    collection: Collection, ids: NDArray[np.int64], name: str, missing: Missing
) -> NDArray[np.int64]:
    """Return the groups of images that share a property, their folder or their root."""
    from impasto import curate

    if name in ("folder", "root"):
        images = collection.images(ids.tolist())
        if name == "root":
            return curate.grouped([str(image.root) for image in images])
        return curate.grouped([str(image.file.parent) for image in images])
    key = name.removeprefix("property:")
    properties = collection.properties()
    if key not in properties:
        raise not_found("property", key, [*properties, "folder", "root"])
    known, found = collection.property_values(key)
    value_of = dict(zip(known.tolist(), found, strict=True))
    values = [value_of.get(image) for image in ids.tolist()]
    without = sum(value is None for value in values)
    if without and missing == "refuse":
        raise InvalidInput(
            f"{without:,} of {len(ids):,} images have no {key} to be grouped by (NaN counts as "
            "none): with `--missing alone` each is a group of its own, with `--missing together` "
            "they are one."
        )
    return curate.grouped(
        [("none",) if value is None and missing == "together" else value for value in values]
    )


def _moved(
    parts: NDArray[np.str_],
    leaking: NDArray[np.bool_],
    options: SplitOptions,
    notes: list[str],
) -> NDArray[np.str_]:
    """Put what leaks, with the groups it belongs to, into train or nowhere."""
    moved = leaking & (parts != "train")
    where = "put into train" if options.on_leaks == "train" else "left out of the split"
    notes.append(f"{moved.sum():,} images that leak, or belong to one that does, were {where}.")
    return np.where(moved, "train" if options.on_leaks == "train" else "", parts)


def _check_parts(
    parts: NDArray[np.str_],
    groups: NDArray[np.int64],
    options: SplitOptions,
    notes: list[str],
) -> None:
    """Refuse a part without images, and say when groups keep the parts from what was asked."""
    sizes = np.array([(parts == part).sum() for part in SPLITS])
    wanted = np.array(options.shares) / sum(options.shares)
    largest = int(np.bincount(np.unique(groups, return_inverse=True)[1]).max())
    whole = (
        f"groups stay whole, and the largest of {len(np.unique(groups)):,} has {largest:,} of "
        f"{len(parts):,} images"
    )
    for part, size, share in zip(SPLITS, sizes, wanted, strict=True):
        if share and not size:
            reason = (
                f"all its images leak from {', '.join(options.against)}"
                if (parts == "").any()
                or (options.on_leaks == "train" and options.against and part != "train")
                else whole
            )
            raise InvalidInput(
                f"No image would be left in the {part} part: {reason}. Group by less, ask for "
                "other shares, or check against less."
            )
    got = sizes / max(sizes.sum(), 1)
    if (np.abs(got - wanted) > OFF).any():
        shares = [
            " / ".join(f"{100 * one:.1f}".removesuffix(".0") for one in each[wanted > 0])
            for each in (got, wanted)
        ]
        notes.append(f"The parts are {shares[0]} % of the images and not {shares[1]}: {whole}.")


def _note_rare(
    names: tuple[str, ...], counts: NDArray[np.int64], options: SplitOptions, notes: list[str]
) -> None:
    """Say which labels or tags are not in every part that has a share."""
    asked = [i for i, share in enumerate(options.shares) if share > 0]
    rare = [name for name, row in zip(names, counts[:, asked], strict=True) if not row.all()]
    if rare:
        few, more = rare[:6], f" and {len(rare) - 6} more" if len(rare) > 6 else ""
        notes.append(f"Too few images or groups to be in every part: {', '.join(few)}{more}.")
