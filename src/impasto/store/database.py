"""One SQLite file: many readers, one writer, transactions that survive a power cut."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, RLock
from typing import NoReturn
from urllib.parse import quote

from impasto.core.errors import Busy, ImpastoError, InvalidInput, WrongCollection
from impasto.store.files import disk_full

_WRITER = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",  # macOS; elsewhere these two do nothing
    "checkpoint_fullfsync = ON",
    "journal_size_limit = 67108864",
    "cache_size = -65536",
)
_WAIT = 20.0  # seconds that a reader or the writer waits for SQLite's own short locks


class Database:
    """A SQLite file in WAL mode, shared by the threads of a process.

    Readers take a connection from a pool and see one snapshot for as long as they hold it.
    There is one writing connection; its transactions follow each other. ``synchronous=FULL``:
    a transaction that returned is on the disk.

    Parameters
    ----------
    file : Path
    migrations : sequence of str
        SQL scripts; the first ``PRAGMA user_version`` of them have been applied to the file.
    writable : bool
        False: a file of an older format is read from a temporary copy, as it was when it was
        opened.
    page_size : int
        Only used when the file is made.
    prepare : callable
        Called with each new connection, to give it functions.
    """

    def __init__(
        self,
        file: Path,
        migrations: Sequence[str],
        *,
        writable: bool,
        page_size: int = 4096,
        prepare: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self.file = file
        self._prepare = prepare
        self._idle: list[sqlite3.Connection] = []
        self._pool = Lock()
        self._turn = RLock()
        self._closed = False
        self._mode = "mode=ro"
        self._read_from = file
        self._copy: TemporaryDirectory[str] | None = None
        self._watch: sqlite3.Connection | None = None
        self._watching = Lock()
        self._writer: sqlite3.Connection | None = None
        if writable:
            self._writer = _open_writer(file, migrations, page_size)
            prepare(self._writer)
        else:
            self._mode, version = _reading_mode(file, migrations)
            if version < len(
                migrations
            ):  # which must stay as it is: read a copy brought up to date
                self._copy = TemporaryDirectory(prefix="impasto-older-")
                self._read_from = Path(self._copy.name) / file.name
                try:
                    _bring_up(file, self._mode, self._read_from, migrations)
                except BaseException:
                    self._copy.cleanup()
                    raise
                self._mode = "mode=ro"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one consistent snapshot."""
        with self._pool:
            if self._closed:
                raise InvalidInput(f"{self.file.parent} was closed; open it again.")
            db = self._idle.pop() if self._idle else self._another()
        try:
            db.execute("BEGIN")
            yield db
        except sqlite3.DatabaseError as error:
            _explain(error, self.file)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            with self._pool:
                if self._closed:
                    db.close()
                else:
                    self._idle.append(db)

    def _another(self) -> sqlite3.Connection:
        db = _connect(self._read_from, self._mode)
        self._prepare(db)
        return db

    def version(self) -> int:
        """Return a number that is another after each change of the file, by whichever program.

        It costs some microseconds, so what was read can be kept for as long as it stays the same.
        """
        with self._watching:
            if self._closed:
                raise InvalidInput(f"{self.file.parent} was closed; open it again.")
            try:
                if self._watch is None:
                    self._watch = _connect(self._read_from, self._mode)
                return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.DatabaseError as error:
                _explain(error, self.file)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writing connection for one transaction: all of it or, on an error, nothing."""
        with self._turn:
            db = self._writer
            if db is None:
                raise InvalidInput(
                    f"{self.file.parent} is open for reading only (or closed); "
                    "open it for writing to change it."
                )
            try:
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                    db.execute("COMMIT")
                finally:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
            except sqlite3.DatabaseError as error:
                _explain(error, self.file)

    def analyse(self) -> None:
        """Count what the tables hold, from samples, so that SQLite chooses its indexes well."""
        with self.writing() as db:
            db.execute("PRAGMA analysis_limit = 1000")
            db.execute("ANALYZE")

    def close(self) -> None:
        """Close all connections; the writer goes last and folds the WAL into the file."""
        with self._turn, self._pool, self._watching:
            self._closed = True
            if self._watch is not None:
                self._watch.close()
                self._watch = None
            while self._idle:
                self._idle.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._copy is not None:
                self._copy.cleanup()
                self._copy = None


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    path = file.as_posix() if file.as_posix().startswith("/") else f"/{file.as_posix()}"
    db = sqlite3.connect(
        f"file://{quote(os.fsencode(path), safe='/:')}?{mode}",
        uri=True,
        timeout=_WAIT,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -16384")
    except sqlite3.DatabaseError as error:
        db.close()
        _explain(error, file)
    return db


def _open_writer(file: Path, migrations: Sequence[str], page_size: int) -> sqlite3.Connection:
    if not file.exists():
        raise WrongCollection(f"{file} is missing; restore it from a copy.")
    db = _connect(file, "mode=rw")
    try:
        db.execute(f"PRAGMA page_size = {page_size}")
        for pragma in _WRITER:
            db.execute(f"PRAGMA {pragma}")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        _check_version(file, version, migrations)
        _migrate(db, version, migrations)
    except sqlite3.DatabaseError as error:
        db.close()
        _explain(error, file)
    except WrongCollection:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection, version: int, migrations: Sequence[str]) -> None:
    for number, script in enumerate(migrations[version:], version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")


def _bring_up(file: Path, mode: str, copy: Path, migrations: Sequence[str]) -> None:
    """Copy a database of an older format, and bring the copy up to date."""
    try:
        with closing(_connect(file, mode)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
            new.isolation_level = None
            _migrate(new, new.execute("PRAGMA user_version").fetchone()[0], migrations)
    except sqlite3.DatabaseError as error:
        _explain(error, file)


def _reading_mode(file: Path, migrations: Sequence[str]) -> tuple[str, int]:
    """Return how to open for reading, and the format found.

    A folder that nobody can write needs ``immutable``.
    """
    if not file.exists():
        raise WrongCollection(f"{file} is missing; restore it from a copy.")
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            db = _connect(file, mode)
        except sqlite3.OperationalError as error:
            reason = error
            continue
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            _check_version(file, version, migrations)
        except sqlite3.OperationalError as error:
            reason = error
        else:
            return mode, version
        finally:
            db.close()
    raise WrongCollection(f"{file} can't be read ({reason}).")


def _check_version(file: Path, version: int, migrations: Sequence[str]) -> None:
    if version > len(migrations):
        raise WrongCollection(
            f"{file} has format {version}; this impasto reads up to {len(migrations)}. "
            "Install a newer impasto."
        )


def _explain(error: sqlite3.DatabaseError, file: Path) -> NoReturn:
    """Raise the error that a person can do something about, or the same again."""
    text = str(error)
    if "disk is full" in text:
        raise disk_full(file.parent) from error
    if "disk I/O error" in text:
        raise ImpastoError(
            f"The disk refused to read or write {file}: it is full, was unplugged, or fails. "
            "When that is mended, run the same again: it continues where it stopped."
        ) from error
    if "locked" in text or "busy" in text:
        raise Busy(f"{file} is locked by another program; close it there, try again.") from error
    if "malformed" in text or "not a database" in text:
        raise WrongCollection(f"{file} is damaged ({text}); restore it from a copy.") from error
    raise error
