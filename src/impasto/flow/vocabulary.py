"""The tags of a collection: looked over, suggestions, and decisions carried out as one edit.

Decisions change the tags themselves, by an edit that can be undone, rather than a list that only
learning would read: so Browse, queries, export and models all speak of the same tags. What was
decided is kept beside them, for new images and other collections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, not_found
from impasto.core.progress import Progress, Quiet
from impasto.curate.tags import TagDecision
from impasto.flow.ask import choose_space
from impasto.flow.lines import read_lines, write_bytes, write_lines

if TYPE_CHECKING:
    from impasto.curate.tags import Coherence, Ground, TagTable
    from impasto.store import Action, Collection

VOCABULARY = "vocabulary"
"""Name under which a collection keeps what was decided about its tags."""

MOST = 20_000
"""Images that suggestions by looks are drawn from."""

VALUES = 10_000
"""Most distinct values of a property that tags are compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class TagsSeen:
    """What the tags of a collection are like.

    Parameters
    ----------
    table : TagTable
    coherences : tuple of Coherence
        Of each tag, in the order of the table; empty without vectors.
    merges, junk : tuple of TagDecision
        Suggestions, the surest first; nobody accepted them yet.
    space : str
        Name of the space that pictures were compared in; "" for none.
    notes : tuple of str
    """

    table: TagTable
    coherences: tuple[Coherence, ...]
    merges: tuple[TagDecision, ...]
    junk: tuple[TagDecision, ...]
    space: str
    notes: tuple[str, ...]

    @property
    def suggestions(self) -> tuple[TagDecision, ...]:
        """Merges, then junk."""
        return (*self.merges, *self.junk)

    def to_json(self, top: int | None = None) -> dict[str, Any]:
        """Return what ``impasto tags --json`` prints; `top` limits tags and pairs."""
        table = self.table
        seen: Sequence[Coherence | None] = self.coherences or [None] * len(table.names)
        return {
            "images": table.images,
            "tagged": table.tagged,
            "mean": table.mean,
            "per_image": table.per_image.tolist(),
            "space": self.space,
            "tags": [
                {
                    "name": name,
                    "images": int(table.counts[i]),
                    "share": table.share(i),
                    "coherence": one
                    and {
                        "images": one.images,
                        "value": one.value,
                        "chance": one.chance,
                        "z": one.z,
                    },
                }
                for i, (name, one) in enumerate(zip(table.names[:top], seen, strict=False))
            ],
            "pairs": [
                {
                    "first": pair.first,
                    "second": pair.second,
                    "together": pair.together,
                    "lift": pair.lift,
                    "pmi": pair.pmi,
                    "overlap": pair.overlap,
                }
                for pair in table.pairs()[:top]
            ],
            "merges": [one.to_json() for one in self.merges],
            "junk": [one.to_json() for one in self.junk],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Curated:
    """What decisions about tags came to.

    Parameters
    ----------
    before, after : int
        Tags there were and are.
    changed : int
        Images that changed, or would.
    counts : mapping of str to int
        Images of each tag that is left, the most frequent first.
    bare : int
        Images that lost all their tags.
    hidden : int
        Those of them that were hidden.
    notes : tuple of str
    """

    before: int
    after: int
    changed: int
    counts: Mapping[str, int]
    bare: int
    hidden: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "before": self.before,
            "after": self.after,
            "changed": self.changed,
            "bare": self.bare,
            "hidden": self.hidden,
            "tags": dict(self.counts),
            "notes": list(self.notes),
        }


def look_at_tags(
    collection: Collection, *, space: str | None = None, progress: Progress | None = None
) -> TagsSeen:
    """Count the tags, compare their pictures and suggest what to merge and what to drop.

    Parameters
    ----------
    collection : Collection
    space : str or None
        Where pictures are compared; None: the newest. Without vectors, only words are.
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        When there are no tags.
    """
    from impasto.curate import tags as room

    progress = progress or Quiet()
    table = _table(collection)
    notes: list[str] = []
    coherences: tuple[Coherence, ...] = ()
    likenesses: dict[tuple[int, int], room.Likeness] = {}
    name = ""
    if space is not None or any(info.rows for info in collection.spaces()):
        name = choose_space(collection, space).name
        progress.stage("pictures", unit="images")
        seen = _pictures(collection, name, table.names, notes)
        if seen is not None:
            ground, members = seen
            coherences = tuple(ground.of(rows) for rows in members)
            likenesses = room.likenesses(ground, members)
    else:
        notes.append(
            "There are no vectors, so tags were compared by their words only; after "
            "`impasto embed` their pictures are, too."
        )
    decided = stored_decisions(collection)
    properties = _values_of_properties(collection)
    return TagsSeen(
        table,
        coherences,
        tuple(room.suggest_merges(table, likenesses, decided)),
        tuple(room.suggest_junk(table, coherences, properties, decided)),
        name,
        tuple(notes),
    )


def decide_tags(
    collection: Collection,
    decisions: Iterable[TagDecision],
    *,
    strict: bool = True,
    keep: bool = True,
) -> Curated:
    """Carry out decisions about tags as one edit, step by step, and remember them.

    Parameters
    ----------
    collection : Collection
    decisions : iterable of TagDecision
        Accepted ones are carried out, rejected ones are not suggested again, undecided ones are
        passed over.
    strict : bool
        Whether a tag that nobody has is an error; else it is noted, as befits a list that is
        used for several collections.
    keep : bool
        False: only say what would come out.

    Raises
    ------
    NotFound
        For a tag that nobody has.
    InvalidInput
        When there are no tags, none would be left, or merges contradict each other.
    """
    from impasto.curate import tags as room

    held = [one for one in decisions if one.accept is not None]
    known = collection.memberships("tag")
    table = _table(collection)
    plan = room.plan_tags(known.names, known.ids, known.codes, held)
    notes: list[str] = []
    if plan.unknown and strict:
        raise not_found("tag", plan.unknown[0], known.names)
    if plan.unknown:
        notes.append(_unknown(plan.unknown, held))
    if not plan.counts:
        raise InvalidInput(
            f"None of the {len(known.names):,} tags would be left; the most frequent one has "
            f"{table.counts.max():,} images."
        )
    touched = [*plan.add.values(), *plan.remove.values()]
    changed = len(np.unique(np.concatenate(touched))) if touched else 0
    if keep:
        accepted = [one for one in held if one.accept]
        changed = collection.change_tags(
            add={name: ids.tolist() for name, ids in plan.add.items()},
            remove={name: ids.tolist() for name, ids in plan.remove.items()},
            hide=plan.hide.tolist(),
            title=_title(accepted),
        )
        _remember(collection, held, _mark(collection.history(1)[0]) if changed else None)
    return Curated(
        len(known.names),
        len(plan.counts),
        changed,
        plan.counts,
        len(plan.bare),
        len(plan.hide),
        tuple(notes),
    )


def stored_decisions(collection: Collection) -> list[TagDecision]:
    """Return what was decided about the tags of a collection and holds: not what was undone.

    Every edit is a step of its own, in the order they were made, so that `decide_tags` of all of
    them comes to the same tags from where the first began.
    """
    from impasto.curate.tags import in_steps

    return in_steps([decision for decision, _ in _remembered(collection)])


def decisions_again(collection: Collection) -> list[TagDecision]:
    """Return the decisions that hold, to be carried out once more on images that came since."""
    from impasto.curate.tags import distinct_steps

    return distinct_steps(stored_decisions(collection))


def write_decisions(file: Path, decisions: Iterable[TagDecision]) -> Path:
    """Write decisions or suggestions about tags, one a line."""
    return write_lines(file, (one.to_json() for one in decisions))


def read_decisions(file: Path) -> list[TagDecision]:
    """Read decisions about tags, one a line."""
    return [TagDecision.from_json(line) for line in read_lines(file)]


def draw_tags(collection: Collection, table: TagTable, file: Path) -> Path:
    """Write the figure of tags per image: ``.svg``, or ``.png`` (extra ``svg``)."""
    from impasto.curate.tags import tags_per_image
    from impasto.explore.figure import to_png

    if file.suffix.lower() not in (".svg", ".png"):
        raise InvalidInput(f"A figure is written to .svg or .png, not to {file.name!r}.")
    drawn = tags_per_image(table, f"Tags per image in {collection.name}")
    return write_bytes(file, to_png(drawn) if file.suffix.lower() == ".png" else drawn.encode())


def _table(collection: Collection) -> TagTable:
    from impasto.curate.tags import tag_table

    known = collection.memberships("tag")
    if not known.names:
        raise InvalidInput(
            f"{collection.name} has no tags. Gather .txt files beside the pictures or a table "
            "with a column `tags`, or tag images in the app."
        )
    return tag_table(known.names, known.ids, known.codes, len(collection.order()))


def _pictures(
    collection: Collection, space: str, names: Sequence[str], notes: list[str]
) -> tuple[Ground, list[NDArray[np.int64]]] | None:
    """Return the vectors of the images and the rows of each tag, near-duplicates once in both."""
    from impasto import curate
    from impasto.curate.tags import ground

    vectors = collection.vectors(space)
    rows = np.flatnonzero(np.isin(vectors.ids, collection.order()) & (vectors.norms > 0))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
        notes.append(f"Pictures were compared among {MOST:,} images drawn at random.")
    ids, values = vectors.ids[rows], np.asarray(vectors.values[rows])
    groups = curate.find_duplicates(values, hashes=collection.hashes(ids)).groups
    distinct, first = np.unique(groups, return_index=True)  # 0, 1, …: rows of `values[first]`
    if len(distinct) < 4:
        notes.append(f"Fewer than 4 distinct images have vectors in {space}; none were compared.")
        return None
    order = np.argsort(ids)
    without = len(collection.order()) - len(rows)
    if without and len(rows) < MOST:
        notes.append(
            f"{without:,} images have no vector in {space}; their looks count for nothing."
        )
    known = collection.memberships("tag")
    at = np.minimum(np.searchsorted(ids[order], known.ids), len(ids) - 1)
    here = ids[order[at]] == known.ids
    row, code = order[at[here]], known.codes[here]
    members = [np.unique(groups[row[code == tag]]) for tag in range(len(names))]
    return ground(values[first]), members


def _values_of_properties(collection: Collection) -> dict[str, str]:
    """Return the values of the properties that are words, to compare tags with."""
    found: dict[str, str] = {}
    for name, kind in collection.properties().items():
        if kind == "str":
            _, values = collection.property_values(name)
            distinct = {str(value).casefold() for value in values}
            if len(distinct) <= VALUES:
                found |= dict.fromkeys(sorted(distinct), name)
    return found


def _title(accepted: Sequence[TagDecision]) -> str:
    merges = [one for one in accepted if one.kind == "merge"]
    drops = [one for one in accepted if one.kind == "drop"]
    if len(merges) == 1 and len(accepted) == 1:
        return f"Tag {merges[0].of} merged into {merges[0].into}"
    parts = [f"{len(merges):,} merged"] if merges else []
    parts += [f"{len(drops):,} dropped"] if drops else []
    parts += [f"fewer than {one.of} images" for one in accepted if one.kind == "min-images"]
    parts += [f"only {one.of}" for one in accepted if one.kind == "only"]
    return f"Tags: {', '.join(parts)}" if parts else "Tags"


def _unknown(unknown: Sequence[str], held: Sequence[TagDecision]) -> str:
    """Say which of the tags that are named nobody has."""
    few = ", ".join(unknown[:6])
    more = f" and {len(unknown) - 6:,} more" if len(unknown) > 6 else ""
    named = {one.of for one in held if one.accept and one.kind in ("merge", "drop")}
    if len(named) == len(unknown) > 1:
        return f"None of the {len(named):,} tags that are named is on an image here: {few}{more}."
    return f"Named, but on no image: {few}{more}."


def _remembered(collection: Collection) -> list[tuple[TagDecision, list[Any] | None]]:
    """Return the decisions that hold, each with the edit that carried it out."""
    kept = collection.report(VOCABULARY)
    if kept is None:
        return []
    done = [_mark(action) for action in collection.history(100_000) if not action.undone]
    return [
        (TagDecision.from_json(line), line["edit"])
        for line in kept["decisions"]
        if line["edit"] is None or line["edit"] in done
    ]


def _mark(action: Action) -> list[Any]:
    """Tell an edit from a later one that got its number after it was undone."""
    return [action.id, action.at, action.title]


def _remember(
    collection: Collection, decisions: Sequence[TagDecision], edit: list[Any] | None
) -> None:
    """Add decisions to those that hold, as the steps that follow.

    What an edit did stays; of words that did nothing (rejected, or nothing to change) the later
    one replaces an earlier one about the same.
    """
    from impasto.curate.tags import in_steps

    said = {one.key for one in decisions}
    old = [
        (one, at)
        for one, at in _remembered(collection)
        if one.key not in said or (one.accept and at is not None)
    ]
    steps = in_steps([one for one, _ in old], decisions)
    edits = [*(at for _, at in old), *(edit for _ in decisions)]
    lines = [one.to_json() | {"edit": at} for one, at in zip(steps, edits, strict=True)]
    collection.save_report(VOCABULARY, {"decisions": lines})
