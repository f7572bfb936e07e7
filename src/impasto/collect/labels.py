"""Class labels and splits from the names of folders, when they look meant that way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from impasto.core.errors import InvalidInput
from impasto.core.records import Split

How = Literal["auto", "parent", "top", "none"]

_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True)
class Inference:
    """What the folders say.

    Parameters
    ----------
    labels : mapping of str to (str or None)
        Relative folder ("" for the root) → label of the images directly in it.
    splits : mapping of str to ({"train", "validation", "test"} or None)
    reason : str
        One sentence: what was decided and why.
    """

    labels: Mapping[str, str | None]
    splits: Mapping[str, Split | None]
    reason: str


def split_named(name: str) -> Split | None:
    """Return the split that a word stands for, or None.

    Examples
    --------
    >>> split_named("Valid"), split_named("cats")
    ('validation', None)
    """
    return _SPLITS.get(name.strip().lower())


def infer(folders: Mapping[str, int], how: How = "auto") -> Inference:
    """Decide whether folder names are class labels and splits.

    Parameters
    ----------
    folders : mapping of str to int
        Relative folder, with forward slashes ("" for the root) → number of images directly in
        it.
    how : {"auto", "parent", "top", "none"}
        - "auto": labels only when the folders look like ImageFolder: every image lies exactly
          one folder deep (below a split folder, if there are any), in two classes or more.
        - "parent": the whole relative folder (``animals/birds``).
        - "top": its first part (``animals``).
        - "none": no labels, no splits.

        A folder called train, val, test ... at the top is a split, never part of a label,
        when it holds folders or when all top folders are such.

    Returns
    -------
    Inference

    Examples
    --------
    >>> infer({"train/cat": 9, "train/dog": 9, "test/cat": 2, "test/dog": 2}).labels["test/cat"]
    'cat'
    >>> infer({"2019/may": 40, "2020": 12}).labels["2020"] is None
    True
    """
    if how not in ("auto", "parent", "top", "none"):
        raise InvalidInput(f"Labels from folders: auto, parent, top or none, not {how!r}.")
    filled = {folder: n for folder, n in folders.items() if n > 0}
    nothing: dict[str, str | None] = dict.fromkeys(folders)
    if how == "none" or not filled:
        reason = "Folders were not asked for labels." if how == "none" else "There are no images."
        return Inference(nothing, dict.fromkeys(folders), reason)

    parts = {folder: tuple(folder.split("/")) if folder else () for folder in folders}
    has_splits = _has_splits([parts[folder] for folder in filled])
    splits: dict[str, Split | None] = dict.fromkeys(folders)
    if has_splits:
        splits = {folder: split_named(path[0]) if path else None for folder, path in parts.items()}
        parts = {folder: path[1:] if splits[folder] else path for folder, path in parts.items()}

    if how == "parent":
        labels = {folder: "/".join(path) or None for folder, path in parts.items()}
        return Inference(labels, splits, _sentence(labels, filled, splits, "the whole folder"))
    if how == "top":
        labels = {folder: path[0] if path else None for folder, path in parts.items()}
        return Inference(labels, splits, _sentence(labels, filled, splits, "the first folder"))

    doubt = _doubt([parts[folder] for folder in filled])
    if doubt:
        found = f" Splits: {_listed(splits, filled)}." if has_splits else ""
        return Inference(nothing, splits, f"No labels from folders: {doubt}.{found}")
    labels = {folder: path[0] if len(path) == 1 else None for folder, path in parts.items()}
    return Inference(labels, splits, _sentence(labels, filled, splits, "the folder"))


def _has_splits(paths: list[tuple[str, ...]]) -> bool:
    """Tell whether the top folders are splits: all of them, and "train" or two of them."""
    tops = {path[0] if path else "" for path in paths}
    named = {split_named(top) for top in tops}
    return None not in named and (len(named) > 1 or "train" in named)


def _doubt(paths: list[tuple[str, ...]]) -> str | None:
    """Return why these folders (without splits) are no classes; None when they are."""
    depths = {len(path) for path in paths}
    if depths == {0}:
        return "all images lie in one folder"
    if len(depths) > 1:
        return "images lie at different depths"
    if depths != {1}:
        return f"images lie {max(depths)} folders deep (choose parent or top to use them)"
    if len({path[0] for path in paths}) == 1:
        return "there is only one folder, and one class is no labelling"
    return None


def _sentence(
    labels: Mapping[str, str | None],
    filled: Mapping[str, int],
    splits: Mapping[str, Split | None],
    what: str,
) -> str:
    names = {labels[folder] for folder in filled} - {None}
    without = sum(n for folder, n in filled.items() if labels[folder] is None)
    text = f"{what.capitalize()} is the label: {len(names):,} classes."
    if any(splits.values()):
        text = f"{text[:-1]}, splits {_listed(splits, filled)}."
    return text + (f" {without:,} images have none." if without else "")


def _listed(splits: Mapping[str, Split | None], filled: Mapping[str, int]) -> str:
    counts: dict[str, int] = {}
    for folder, n in filled.items():
        split = splits[folder]
        if split:
            counts[split] = counts.get(split, 0) + n
    return ", ".join(f"{name} ({n:,})" for name, n in sorted(counts.items()))
