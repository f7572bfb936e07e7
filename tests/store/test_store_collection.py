"""The folder as a whole: making, opening, locking, moving, reading only, models, jobs."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.errors import Busy, ImpastoError, InvalidInput, NotFound, WrongCollection
from impasto.core.records import Found
from impasto.core.space import Space
from impasto.store import Collection, Filter, JobRecord, is_collection, models, schema

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
    )


# Making and opening


def test_create_and_open(tmp_path: Path) -> None:
    path = tmp_path / "new" / "my pictures #1 %20?.impasto"
    assert not is_collection(path)
    with Collection.create(path) as made:
        assert (made.path, made.name, made.writable) == (
            path.resolve(),
            "my pictures #1 %20?",
            True,
        )
        assert made.counts().images == 0
        assert made.order().tolist() == []
        assert made.page().images == ()
        assert made.facets().total == 0
        assert made.labelled()[0].tolist() == []
        assert made.pending().tolist() == []
        assert (made.spaces(), made.models(), made.skipped(), made.roots()) == ([], [], [], [])
    made.close()
    with pytest.raises(InvalidInput, match="closed"):
        made.counts()
    assert is_collection(path)
    assert sorted(p.name for p in path.iterdir()) == [
        *("catalogue.sqlite", "impasto.json", "lock", "maps", "models", "reports", "sheets"),
        *("spaces", "thumbnails.sqlite"),
    ]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_name_of_its_own(tmp_path: Path) -> None:
    Collection.create(tmp_path / "a.impasto", name="Über alles").close()
    with Collection.open(tmp_path / "a.impasto", writable=False) as collection:
        assert collection.name == "Über alles"


def test_create_refuses(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"\.impasto"):
        Collection.create(tmp_path / "pictures")
    Collection.create(tmp_path / "a.impasto").close()
    with pytest.raises(InvalidInput, match="exists already"):
        Collection.create(tmp_path / "a.impasto")


@pytest.mark.parametrize("writable", [True, False])
def test_open_refuses(tmp_path: Path, writable: bool) -> None:
    def refused(match: str) -> None:
        with pytest.raises(WrongCollection, match=match):
            Collection.open(tmp_path / "a.impasto", writable=writable)

    refused("not a collection")
    Collection.create(tmp_path / "a.impasto").close()
    manifest = tmp_path / "a.impasto" / "impasto.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"format": 2}))
    refused("newer impasto")
    manifest.write_text("{")
    refused("can't be read")
    manifest.write_text(json.dumps(content))
    catalogue = tmp_path / "a.impasto" / "catalogue.sqlite"
    db = sqlite3.connect(catalogue)
    db.execute("PRAGMA user_version = 99")
    db.close()
    refused("format 99")
    catalogue.write_bytes(b"this is no database" * 100)
    refused("not a database")
    catalogue.unlink()
    refused("missing")


def test_older_formats_are_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.impasto"
    Collection.create(path).close()
    newer = (*schema.CATALOGUE, "ALTER TABLE images ADD COLUMN mood TEXT;")
    monkeypatch.setattr(schema, "CATALOGUE", newer)
    Collection.open(path).close()
    with Collection.open(path, writable=False) as collection, collection._catalogue.reading() as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(newer),)
        assert db.execute("SELECT count(mood) FROM images").fetchone() == (0,)


def test_older_formats_are_read_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.impasto"
    with Collection.create(path) as collection:
        found = Found(tmp_path, "b.png", 1, 1)
        collection.record([found], root=tmp_path, prune=False, hash_file=lambda _: bytes(32))
    newer = (*schema.CATALOGUE, "ALTER TABLE images ADD COLUMN mood TEXT;")
    monkeypatch.setattr(schema, "CATALOGUE", newer)
    before = (path / "catalogue.sqlite").read_bytes()
    with Collection.open(path, writable=False) as collection:
        assert [image.path for image in collection.images([1])] == ["b.png"]
        assert collection.version == collection.version
        with collection._catalogue.reading() as db:
            assert db.execute("SELECT count(mood) FROM images").fetchone() == (0,)
        copy = collection._catalogue._read_from
        assert copy.exists()
    assert not copy.exists()
    assert (path / "catalogue.sqlite").read_bytes() == before
    broken = (*schema.CATALOGUE, "ALTER TABLE nothing ADD COLUMN mood TEXT;")
    monkeypatch.setattr(schema, "CATALOGUE", broken)
    with pytest.raises(sqlite3.OperationalError):
        Collection.open(path, writable=False)


def test_a_failed_migration_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.impasto"
    Collection.create(path).close()
    broken = (*schema.CATALOGUE, "DROP TABLE jobs; SELECT no_such_thing;")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "CATALOGUE", broken)
        with pytest.raises(sqlite3.OperationalError, match="no_such_thing"):
            Collection.open(path)
    with Collection.open(path) as collection:
        assert collection.jobs.list() == ()


# One writer, many readers


def test_one_writer_at_a_time(shelf: Shelf) -> None:
    with pytest.raises(Busy, match="this program already"):
        Collection.open(shelf.collection.path)
    code = """
        import sys
        from impasto.core.errors import Busy
        from impasto.store import Collection
        try:
            Collection.open(sys.argv[1])
        except Busy as error:
            sys.stdout.write(str(error))
        with Collection.open(sys.argv[1], writable=False) as reader:
            sys.stdout.write(f" {reader.counts().images}")
    """
    shelf.imagine(3)
    said = python(code, shelf.collection.path)
    assert f"process {os.getpid()}" in said.stdout
    assert said.stdout.endswith(" 3"), said.stderr
    shelf.collection.close()
    Collection.open(shelf.collection.path).close()


def test_a_reader_does_not_write(shelf: Shelf) -> None:
    shelf.imagine(1)
    with Collection.open(shelf.collection.path, writable=False) as reader:
        for wrong in (
            lambda: reader.set_label([1], "x"),
            lambda: reader.writing(Space("n", "l", 3, "00")),
            lambda: reader.save_model("m", {}, {}),
        ):
            with pytest.raises(InvalidInput, match="reading only"):
                wrong()
        shelf.collection.set_label([1], "seen")
        assert reader.image(1).label == "seen"


@pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0, reason="needs root to become nobody"
)
def test_reading_where_nothing_can_be_written(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(2)
    with shelf.collection.writing(space) as writing:
        writing.save((), ids, [np.ones((2, space.dimension), np.float32)])
    shelf.collection.close()
    shared = Path("/tmp") / f"impasto-test-{os.getpid()}.impasto"
    code = """
        import mmap, os, sys  # nobody may not be able to import later
        from pathlib import Path
        from impasto.core.errors import ImpastoError
        from impasto.store import Collection
        os.setuid(65534)
        try:
            Collection.open(Path(sys.argv[1]))
        except ImpastoError as error:
            sys.stdout.write(str(error))
        with Collection.open(Path(sys.argv[1]), writable=False) as reader:
            name, = reader.space_names()
            sys.stdout.write(f" {reader.counts().images} {len(reader.vectors(name))}")
    """
    shutil.copytree(shelf.collection.path, shared)
    try:
        said = python(code, shared)
        assert "can't be written here" in said.stdout
        assert said.stdout.endswith(" 2 2"), said.stderr
        assert not list(shared.glob("*-wal"))
    finally:
        shutil.rmtree(shared)


def test_threads_read_while_one_writes(shelf: Shelf, space: Space) -> None:
    """Every look sees whole commits: as many vectors as usable images, labels as counted."""
    shelf.imagine(200)
    stop = threading.Event()
    wrong: list[object] = []

    def look() -> None:
        try:
            while not stop.is_set():
                with shelf.collection._catalogue.reading() as db:
                    usable = db.execute("SELECT count(*) FROM images WHERE usable = 1").fetchone()
                    rows = db.execute("SELECT coalesce(max(rows), 0) FROM spaces").fetchone()
                if usable != rows:
                    wrong.append((usable, rows))
                shelf.collection.facets(Filter(text="p00"))
                if shelf.collection.space_names():
                    vectors = shelf.collection.vectors(space)
                    if not np.array_equal(vectors.values[:, 0].astype(np.int64), vectors.ids):
                        wrong.append(vectors.ids)
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    with shelf.collection.writing(space) as writing:
        for image in range(1, 201):
            row = np.full((1, space.dimension), image, np.float32)
            writing.save([(image, shelf.facts(image), b"t")], [image], [row])
            if image % 10 == 0:
                writing.flush()
                shelf.collection.set_label([image], f"l{image % 3}")
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(shelf.collection.vectors(space)) == 200


def test_looking_while_a_scan_streams(shelf: Shelf) -> None:
    """The stream may use the collection itself: no lock is held while it is read."""

    def found() -> Iterator[Found]:
        for k in range(3):
            shelf.collection.jobs.record(JobRecord("1", "add", "t", "running", done=k))
            yield Found(shelf.root, f"{k}.png", 1, 1)

    shelf.collection.record(found(), root=shelf.root, prune=True, hash_file=lambda file: b"")
    assert shelf.collection.counts().images == 3


# Moving


def test_the_folder_can_move_with_its_pictures(shelf: Shelf) -> None:
    shelf.put({"a/b.png": b"bytes"})
    shelf.scan()
    shelf.read()
    shelf.collection.close()
    before = shelf.root.parent
    after = before.parent / f"{before.name} moved"
    before.rename(after)
    try:
        with Collection.open(after / "pictures.impasto") as moved:
            assert moved.roots() == [after / "pictures"]
            assert moved.image(1).file.read_bytes() == b"bytes"
            assert moved.thumbnail(1) == b"jpeg of bytes"
            shelf.collection, shelf.root = moved, after / "pictures"
            assert shelf.scan().same == 1
    finally:
        after.rename(before)
    for file in shelf.root.parent.rglob("*.sqlite"):
        assert str(before).encode() not in file.read_bytes()


def test_pictures_elsewhere_are_named_absolutely(shelf: Shelf, tmp_path: Path) -> None:
    elsewhere = tmp_path.resolve().parent / f"{tmp_path.name} elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.png").write_bytes(b"a")
    found = [Found(elsewhere, "a.png", 1, 1)]
    shelf.collection.record(found, root=elsewhere, prune=True, hash_file=lambda file: b"")
    assert shelf.collection.image(1).file.read_bytes() == b"a"
    with shelf.collection._catalogue.reading() as db:
        assert db.execute("SELECT folder FROM roots").fetchone() == (str(elsewhere),)


def test_relocate(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a"})
    shelf.scan()
    new = shelf.root.parent / "renamed"
    with pytest.raises(InvalidInput, match="not a folder"):
        shelf.collection.relocate(shelf.root, new)
    shelf.root.rename(new)
    with pytest.raises(NotFound, match="No root"):
        shelf.collection.relocate(new, new)
    shelf.collection.relocate(shelf.root, new)
    assert shelf.collection.image(1).file.read_bytes() == b"a"
    shelf.root.mkdir()
    shelf.put({"b.png": b"b"})
    shelf.scan()
    with pytest.raises(InvalidInput, match="already"):
        shelf.collection.relocate(shelf.root, new)


# Models and jobs


def test_models(shelf: Shelf) -> None:
    card = {"title": "Tiere ä", "scores": [0.5]}
    contents = {"w.safetensors": b"1", "report.html": b"r"}
    folder = shelf.collection.save_model("svm-1", contents, card)
    assert folder == shelf.collection.path / "models" / "svm-1"
    record = shelf.collection.model("svm-1")
    assert (record.name, record.card, record.folder) == ("svm-1", card, folder)
    shelf.collection.save_model("svm-1", {"other.skops": b"2"}, {})
    assert sorted(file.name for file in folder.iterdir()) == ["card.json", "other.skops"]
    shelf.collection.save_model("a", {}, {})
    assert [model.name for model in shelf.collection.models()] == ["a", "svm-1"]
    with pytest.raises(NotFound, match="Did you mean 'svm-1'"):
        shelf.collection.model("svm1")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", ".hidden", "a.", "ä", "x" * 101])
def test_names_of_models_stay_in_their_folder(shelf: Shelf, name: str) -> None:
    with pytest.raises(InvalidInput, match="name of a model"):
        shelf.collection.save_model(name, {}, {})
    with pytest.raises(InvalidInput, match="name of a file"):
        shelf.collection.save_model("m", {name: b""}, {})
    with pytest.raises(NotFound):
        shelf.collection.model(name)


def test_a_model_half_written_or_half_replaced(shelf: Shelf) -> None:
    home = shelf.collection.path / "models"
    shelf.collection.save_model("kept", {}, {"n": 1})
    shelf.collection.close()
    (home / "kept").rename(home / ".old-kept")  # killed between the two renames
    (home / ".new-kept").mkdir()
    (home / ".new-other").mkdir()
    with Collection.open(shelf.collection.path) as again:
        assert [model.card for model in again.models()] == [{"n": 1}]
    assert [folder.name for folder in home.iterdir()] == ["kept"]
    shutil.copytree(home / "kept", home / ".old-kept")  # killed before the old one was deleted
    with Collection.open(shelf.collection.path) as again:
        assert [model.name for model in again.models()] == ["kept"]
    assert [folder.name for folder in home.iterdir()] == ["kept"]
    with pytest.raises(InvalidInput, match=r"card\.json"):
        models.save(home, "m", {"card.json": b""}, {})


def test_jobs(shelf: Shelf) -> None:
    jobs = shelf.collection.jobs
    first = JobRecord("1", "embed", "Embed", "running", {"network": "x"}, started=1.5, total=10)
    jobs.record(first)
    jobs.record(JobRecord("2", "learn", "Learn", "queued"))
    done = JobRecord("1", "embed", "Embed", "done", {"network": "x"}, 1.5, 2.5, notes=("a", "b"))
    jobs.record(done)
    assert {job.id: job for job in jobs.list()}["1"] == done
    assert len(jobs.list(limit=1)) == 1
    shelf.collection.close()
    with Collection.open(shelf.collection.path) as again:
        ended = {job.id: job for job in again.jobs.list()}
        assert ended["1"] == done
        assert ended["2"].state == "failed"
        assert ended["2"].error is not None and "ended before" in ended["2"].error
    with pytest.raises(InvalidInput, match="queued"):
        JobRecord("3", "x", "x", "lost")  # type: ignore[arg-type]


# The world outside


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("limit", [400_000, 700_000])
def test_a_full_disk_is_one_sentence_and_costs_nothing(shelf: Shelf, limit: int) -> None:
    shelf.imagine(120)
    shelf.collection.close()
    code = """
        import resource, signal, sys
        import numpy as np
        from impasto.core.errors import ImpastoError
        from impasto.core.records import Facts
        from impasto.core.space import Space
        from impasto.store import Collection, writing
        space = Space("net", "fc7", 3000, "00")
        writing.SECONDS = 0.0
        with Collection.open(sys.argv[1]) as collection:
            if int(sys.argv[2]):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                limit = int(sys.argv[2])
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                with collection.writing(space) as session:
                    for image in collection.pending(space).tolist():
                        row = np.full((1, 3000), image, np.float32)
                        facts = Facts(bytes(32), 1, 1, 1, "PNG")
                        session.save([(image, facts, bytes(2000))], [image], [row])
            except ImpastoError as error:
                sys.stdout.write(str(error))
    """
    said = python(code, shelf.collection.path, limit)
    assert "no space left" in said.stdout or "disk refused" in said.stdout, said.stderr
    said = python(code, shelf.collection.path, 0)
    assert (said.stdout, said.stderr) == ("", "")
    with Collection.open(shelf.collection.path) as again:
        vectors = again.vectors(again.space_names()[0])
        assert vectors.ids.tolist() == list(range(1, 121))
        assert np.array_equal(vectors.values[:, 7], vectors.ids.astype(np.float16))


def test_importing_the_room_is_light() -> None:
    heavy = ["torch", "sklearn", "openvino", "pyarrow", "timm", "PIL", "pandas", "scipy"]
    code = f"import sys, impasto.store; sys.exit(bool(set({heavy}) & set(sys.modules)))"
    assert python(code).returncode == 0


def test_errors_are_ours() -> None:
    assert issubclass(WrongCollection, ImpastoError)
