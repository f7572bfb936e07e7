"""What a scan found, against what the catalogue knows: new, changed, moved, gone, returned."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from impasto.core.records import About, Found, Skipped, Split
from impasto.store import about as abouts
from impasto.store import roots
from impasto.store.database import Database
from impasto.store.idset import IdSet

BATCH = 10_000
HASHED = 200  # files between two transactions
FOLDER = "rtrim(path, replace(path, '/', ''))"  # up to and including the last slash
_RETRIED = "'unreadable', 'unsupported'"  # may work next time although the file did not change
_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Changes:
    """How many images a scan found in which state; each is counted once.

    Parameters
    ----------
    new, changed, moved, gone, same, returned : int
        `changed`: another size or time than last time. `moved`: the same content as a missing
        image, under a new path. `gone`: no longer there. `returned`: there again, unchanged.
    """

    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    same: int = 0
    returned: int = 0


def record(
    database: Database,
    home: Path,
    found: Iterable[Found],
    *,
    root: Path,
    prune: bool,
    hash_file: Callable[[Path], bytes],
) -> Changes:
    """Bring the catalogue up to date with a scan; see `Collection.record`."""
    with database.reading() as db:
        last: int = db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0]
    seen = IdSet()
    changes = Changes()
    iterator = iter(found)
    while batch := list(islice(iterator, BATCH)):
        with database.writing() as db:
            changes = _record_batch(db, home, batch, seen, changes)
    with database.writing() as db:
        where = roots.place(db, root, home)
        gone = _mark_gone(db, where, seen) if prune and where else set()
        _retry(db)
    moved = _adopt_moved(database, home, hash_file)
    database.analyse()
    left = sum(found <= last for found in moved.values())  # of a run that was killed
    return replace(
        changes,
        new=changes.new - len(moved) + left,
        same=changes.same - left,
        moved=len(moved),
        gone=len(gone - moved.keys()),
    )


def _record_batch(
    db: sqlite3.Connection, home: Path, batch: Sequence[Found], seen: IdSet, changes: Changes
) -> Changes:
    named = _named(db, home, batch)
    known = _known(db, named)
    new: list[tuple[str, int, int, int]] = []
    changed: list[tuple[int, int, int]] = []
    returned: list[tuple[int]] = []
    same = 0
    for key, item in named.items():
        mtime = max(-_INT64, min(_INT64, item.mtime_ns))
        if key not in known:
            new.append((*key, item.size, mtime))
            continue
        image, size, mtime_before, gone = known[key]
        if (size, mtime_before) != (item.size, mtime):
            changed.append((item.size, mtime, image))
        elif gone:
            returned.append((image,))
        elif image not in seen:
            same += 1
        seen.add(image)
    db.executemany(
        "UPDATE images SET size = ?, mtime_ns = ?, fresh = 0, gone = NULL WHERE id = ?", changed
    )
    db.executemany("UPDATE images SET gone = NULL WHERE id = ?", returned)
    first = _insert(db, new)
    ids = {row[:2]: first + number for number, row in enumerate(new)}
    for image in ids.values():
        seen.add(image)
    ids |= {key: row[0] for key, row in known.items()}
    abouts.apply(db, [(ids[key], item.about) for key, item in named.items()])
    return replace(
        changes,
        new=changes.new + len(new),
        changed=changes.changed + len(changed),
        same=changes.same + same,
        returned=changes.returned + len(returned),
    )


def _named(
    db: sqlite3.Connection, home: Path, batch: Sequence[Found]
) -> dict[tuple[str, int], Found]:
    """Name files as the catalogue does; of a file named twice, what was said last counts."""
    places: dict[Path, roots.Place] = {}
    named: dict[tuple[str, int], Found] = {}
    for item in batch:
        if item.root not in places:
            places[item.root] = roots.place_or_add(db, item.root, home)
        key = places[item.root].name(roots.storable(item.path))
        named[key] = (
            replace(item, about=_over(named[key].about, item.about)) if key in named else item
        )
    return named


def _over(first: About, second: About) -> About:
    return About(
        second.label if second.label is not None else first.label,
        second.tags if second.tags is not None else first.tags,
        second.split if second.split is not None else first.split,
        {**first.properties, **second.properties},
    )


def _known(
    db: sqlite3.Connection, named: Mapping[tuple[str, int], Found]
) -> dict[tuple[str, int], tuple[int, int, int, bool]]:
    """Return (id, size, mtime, gone) of the names that the catalogue knows."""
    paths: dict[int, list[str]] = {}
    for path, root in named:
        paths.setdefault(root, []).append(path)
    known: dict[tuple[str, int], tuple[int, int, int, bool]] = {}
    for root, listed in paths.items():
        rows = db.execute(
            "SELECT i.path, i.id, i.size, i.mtime_ns, i.gone IS NOT NULL FROM json_each(?) j "
            "CROSS JOIN images i ON i.path = j.value AND i.root = ?",
            (json.dumps(listed), root),
        )
        known |= {(row[0], root): row[1:] for row in rows}
    return known


def _insert(db: sqlite3.Connection, new: Sequence[tuple[str, int, int, int]]) -> int:
    """Add images with consecutive ids and return the first of them."""
    first: int = db.execute("SELECT coalesce(max(id), 0) + 1 FROM images").fetchone()[0]
    db.executemany(
        "INSERT INTO images (id, path, root, size, mtime_ns) VALUES (?, ?, ?, ?, ?)",
        ((first + number, *row) for number, row in enumerate(new)),
    )
    db.execute(
        "INSERT INTO search (rowid, name) SELECT id, path FROM images WHERE id >= ?", (first,)
    )
    return first


def within(place: roots.Place) -> tuple[str, list[object]]:
    """Return the SQL condition, with its values, for all images of a folder."""
    parts: list[str] = []
    values: list[object] = []
    for root, prefix in roots.covered(place):
        parts.append("(root = ? AND substr(path, 1, ?) = ?)" if prefix else "(root = ?)")
        values += [root, len(prefix), prefix] if prefix else [root]
    return f"({' OR '.join(parts)})", values


def _mark_gone(db: sqlite3.Connection, place: roots.Place, seen: IdSet) -> set[int]:
    condition, values = within(place)
    rows = db.execute(f"SELECT id FROM images WHERE gone IS NULL AND {condition}", values)
    gone = {image for (image,) in rows if image not in seen}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.executemany("UPDATE images SET gone = ? WHERE id = ?", ((now, i) for i in sorted(gone)))
    return gone


def _retry(db: sqlite3.Connection) -> None:
    db.execute(
        f"UPDATE images SET fresh = 0 WHERE fresh = 1 AND usable = 0 AND gone IS NULL "
        f"AND id IN (SELECT image FROM flags WHERE kind IN ({_RETRIED}))"
    )


def _adopt_moved(
    database: Database, home: Path, hash_file: Callable[[Path], bytes]
) -> dict[int, int]:
    """Give missing images the path of an unread image with the same content.

    Returns the unread image that each missing one absorbed. Whoever is unread and has the size
    of a missing image is hashed, outside any transaction.
    Because this asks the catalogue and not the scan, it also finds what a killed run left.
    """
    with database.reading() as db:
        places = roots.known(db, home)
        pairs = db.execute(
            """
            SELECT n.id, n.root, n.path FROM images n
            WHERE n.sha256 IS NULL AND n.fresh = 0 AND n.usable IS NULL AND n.gone IS NULL
              AND n.size IN (SELECT size FROM images WHERE gone IS NOT NULL AND sha256 NOT NULL)
              AND n.id NOT IN (SELECT image FROM edits)
              AND n.id NOT IN (SELECT image FROM selected)
            ORDER BY n.id
            """
        ).fetchall()
    adopted: dict[int, int] = {}
    for start in range(0, len(pairs), HASHED):
        digests = [
            (image, _hash(hash_file, places[root] / path))
            for image, root, path in pairs[start : start + HASHED]
        ]
        with database.writing() as db:
            for image, digest in digests:
                row = db.execute(
                    "SELECT g.id FROM images g JOIN images n ON n.id = ? AND n.size = g.size "
                    "WHERE g.gone IS NOT NULL AND g.sha256 = ? ORDER BY g.id LIMIT 1",
                    (image, digest),
                ).fetchone()
                if row is not None:
                    _adopt(db, missing=row[0], found=image)
                    adopted[row[0]] = image
    return adopted


def _hash(hash_file: Callable[[Path], bytes], file: Path) -> bytes | None:
    try:
        return hash_file(file)
    except OSError:
        return None  # it stays new; reading it will say why it can't be read


def _adopt(db: sqlite3.Connection, *, missing: int, found: int) -> None:
    path, root, mtime, label, label_by, split, split_by, tags_by, properties = db.execute(
        "SELECT i.path, i.root, i.mtime_ns, l.name, i.label_by, i.split, i.split_by, i.tags_by, "
        "i.properties FROM images i LEFT JOIN labels l ON l.id = i.label WHERE i.id = ?",
        (found,),
    ).fetchone()
    tags = db.execute(
        "SELECT t.name FROM image_tags x JOIN tags t ON t.id = x.tag WHERE x.image = ?", (found,)
    ).fetchall()
    said = About(
        label if label_by == "source" else None,
        tuple(name for (name,) in tags) if tags_by else None,
        split if split_by == "source" else None,
        json.loads(properties),
    )
    for statement in (
        "DELETE FROM image_tags WHERE image = ?",
        "DELETE FROM property_values WHERE image = ?1 AND (name, value) IN "
        "(SELECT key, value FROM json_each((SELECT properties FROM images WHERE id = ?1)))",
        "DELETE FROM search WHERE rowid = ?",
        "DELETE FROM images WHERE id = ?",
    ):
        db.execute(statement, (found,))
    db.execute(
        "UPDATE images SET path = ?, root = ?, mtime_ns = ?, fresh = 1, gone = NULL WHERE id = ?",
        (path, root, mtime, missing),
    )
    db.execute("UPDATE search SET name = ? WHERE rowid = ?", (path, missing))
    abouts.apply(db, [(missing, said)])


def record_skipped(db: sqlite3.Connection, source: str, skipped: Iterable[Skipped]) -> int:
    """Keep what a source could not give, instead of what it could not give last time."""
    db.execute("DELETE FROM skipped WHERE source = ?", (source,))
    cursor = db.executemany(
        "INSERT INTO skipped (source, path, reason) VALUES (?, ?, ?)",
        ((source, abouts.clean(item.path), abouts.clean(item.reason)) for item in skipped),
    )
    return max(cursor.rowcount, 0)


def folder_counts(db: sqlite3.Connection, home: Path, root: Path) -> dict[str, int]:
    """Count the images directly in each folder below `root` ("" is `root` itself)."""
    place = roots.existing_place(db, root, home)
    counts: dict[str, int] = {}
    for folder, (condition, values) in _parts(place):
        rows = db.execute(
            f"SELECT {FOLDER}, count(*) FROM images WHERE gone IS NULL AND {condition} GROUP BY 1",
            values,
        )
        for inside, count in rows:
            counts[folder(inside)] = counts.get(folder(inside), 0) + count
    return counts


def _parts(
    place: roots.Place,
) -> Iterator[tuple[Callable[[str], str], tuple[str, list[object]]]]:
    """Yield, per root that holds a part of a folder, how its folders are called from there."""
    for root, prefix in roots.covered(place):
        outer = next((name for name, inner in place.inner if inner == root), "")
        single = roots.Place(root, prefix, ())

        def name(inside: str, outer: str = outer, cut: int = len(prefix)) -> str:
            return (outer + inside[cut:]).rstrip("/")

        yield name, within(single)


def set_folder_labels(
    db: sqlite3.Connection,
    home: Path,
    root: Path,
    labels: Mapping[str, str | None],
    splits: Mapping[str, Split | None],
) -> int:
    """Label images by their folders; see `Collection.set_folder_labels`."""
    place = roots.existing_place(db, root, home)
    ids = abouts.name_ids(
        db, "labels", (n for t in labels.values() if t and (n := abouts.clean(t)))
    )
    changed = 0
    for name, (condition, values) in _parts(place):
        rows = db.execute(
            f"SELECT id, {FOLDER}, label, label_by, split, split_by FROM images "
            f"WHERE gone IS NULL AND {condition}",
            values,
        )
        new_labels, new_splits = [], []
        for image, inside, label, label_by, split, split_by in rows:
            folder = name(inside)
            if folder in labels and label_by in (None, "folder"):
                wanted = ids.get(abouts.clean(labels[folder] or ""))
                if wanted != label:
                    new_labels.append((wanted, wanted and "folder", image))
            if folder in splits and split_by in (None, "folder") and splits[folder] != split:
                new_splits.append((splits[folder], splits[folder] and "folder", image))
        db.executemany("UPDATE images SET label = ?, label_by = ? WHERE id = ?", new_labels)
        db.executemany("UPDATE images SET split = ?, split_by = ? WHERE id = ?", new_splits)
        changed += len(new_labels)
    return changed
