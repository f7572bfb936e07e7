"""CSV, JSON lines and Parquet tables: one row per picture, columns become what is known of it."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from impasto.collect.labels import split_named
from impasto.collect.scan import printable
from impasto.core.errors import InvalidInput
from impasto.core.records import About, Found, Skipped, Split, Value

FILE_COLUMNS = ("file_name", "filename", "file", "path", "filepath", "image")
"""Names of the column that names the file, the first present one counts."""

TAG_SIGNS = "|;,"
"""What stands between the tags of a cell: the first of these that the cell holds."""

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")

_INTEGER = re.compile(r"(0|-?[1-9]\d*)$")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_BOOLEANS = {"true": True, "false": False}
_INT64 = 1 << 63
_SNIFFED = 1 << 16
_Row = Mapping[str, Any]
_Cell = Callable[[str], Value]


def read_table(file: Path) -> Iterator[Found | Skipped]:
    """List the pictures that a table names, with their label, tags, split and properties.

    Parameters
    ----------
    file : Path
        ``.csv`` or ``.tsv`` (UTF-8 or UTF-16; comma, semicolon, tab or bar), ``.jsonl``, or
        ``.parquet``. One column names the file, relative to the folder of the table:
        `FILE_COLUMNS`. The columns ``label``, ``tags`` (a JSON list, ``a|b``, ``a; b`` or
        ``a, b``) and ``split`` are understood, all others kept as typed properties. An empty
        cell says nothing.

    Yields
    ------
    Found or Skipped
        In the order of the rows. Skipped: files that are not there, or not below the folder of
        the table; rows that name a file again; lines that can't be read.

    Raises
    ------
    InvalidInput
        The table can't be read, or has no column that names files (both when called).

    Notes
    -----
    A column of a CSV table is a number only if all its filled cells are (so that ``007`` and
    ``1`` in one column stay text); for that the file is read twice.
    """
    path = Path(os.path.abspath(file))  # noqa: PTH100 - keeps links in the path as given
    if not path.is_file():
        raise InvalidInput(f"There is no table {str(file)!r}.")
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        table = _open_csv(path)
    elif ending in (".jsonl", ".ndjson"):
        table = _open_json_lines(path)
    elif ending == ".parquet":
        table = _open_parquet(path)
    else:
        raise InvalidInput(
            f"{path.name} is no table that impasto reads; it reads {', '.join(TABLE_ENDINGS)}."
        )
    return _images(path, table)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table whose header was understood.

    Parameters
    ----------
    roles : mapping of str to str
        "file", "label", "tags", "split" → column.
    rows : iterable of (line number, row or the reason why it can't be read)
    """

    roles: Mapping[str, str]
    rows: Iterable[tuple[int, _Row | str]]


def _images(path: Path, table: _Table) -> Iterator[Found | Skipped]:
    folder = str(path.parent)
    seen: set[int] = set()  # of hashes: a million names would weigh too much
    for line, row in table.rows:
        place = f"{path.name}:{line}"
        if isinstance(row, str):
            yield Skipped(place, row)
            continue
        name = row.get(table.roles["file"])
        if not isinstance(name, str) or not name.strip():
            yield Skipped(place, "the row names no file")
            continue
        found = _locate(folder, name.strip())
        if isinstance(found, Skipped):
            yield found
            continue
        relative, status = found
        if hash(relative) in seen:
            yield Skipped(relative, f"named again in line {line}; its first row counts")
            continue
        seen.add(hash(relative))
        about = _about(row, table.roles)
        yield Found(path.parent, relative, status.st_size, status.st_mtime_ns, about)


def _locate(folder: str, name: str) -> tuple[str, os.stat_result] | Skipped:
    """Return the path relative to the folder, with the file's status."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
        return Skipped(printable(name), "a web address; download the file and name it here")
    if "\0" in name or not _is_unicode(name):
        return Skipped(printable(name.replace("\0", "\\0")), "not a valid file name")
    candidates = [name, name.replace("\\", "/")] if "\\" in name else [name]
    missing = Skipped(name, "there is no such file")
    for candidate in candidates:
        relative = os.path.normpath(candidate)
        if os.path.isabs(relative):  # noqa: PTH117 - strings are 4 times faster here
            relative = os.path.relpath(relative, folder)
        if relative == os.pardir or relative.startswith(os.pardir + os.sep):
            return Skipped(name, "outside the folder of the table, where it may not reach")
        try:
            status = os.stat(os.path.join(folder, relative))  # noqa: PTH116, PTH118
        except FileNotFoundError:
            continue
        except OSError as error:
            return Skipped(name, f"the operating system could not read it ({error.strerror})")
        if not stat.S_ISREG(status.st_mode):
            return Skipped(name, "not a regular file")
        return relative.replace(os.sep, "/"), status
    return missing


def _about(row: _Row, roles: Mapping[str, str]) -> About:
    label = row.get(roles["label"]) if "label" in roles else None
    tags = row.get(roles["tags"]) if "tags" in roles else None
    word = row.get(roles["split"]) if "split" in roles else None
    split: Split | None = split_named(str(word)) if _says(word) else None
    used = {column for role, column in roles.items() if role != "split" or split is not None}
    properties = {
        printable(column): _value(value)
        for column, value in row.items()
        if column not in used and _says(value) and column
    }
    return About(
        label=_word(label) if _says(label) else None,
        tags=_tags(tags) if _says(tags) or isinstance(tags, list) else None,
        split=split,
        properties=properties,
    )


def _says(value: object) -> bool:
    """Tell whether a cell says something."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return False
    return bool(value.strip()) if isinstance(value, str) else value not in ([], {}, ())


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return printable(str(value).strip())


def _value(value: object) -> Value:
    """Return a property as one of the four types that a collection keeps."""
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, str):
        return printable(value.strip())
    if isinstance(value, datetime | date):
        return value.isoformat()
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def _tags(value: object) -> tuple[str, ...]:
    """Read tags from a list, a JSON list, ``a|b``, ``a; b`` or ``a, b``."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            value = str(value)
    if isinstance(value, list | tuple):
        words = [_word(item) for item in value if _says(item)]
    else:
        text = _word(value)
        between = next((sign for sign in TAG_SIGNS if sign in text), TAG_SIGNS[-1])
        words = [word.strip() for word in text.split(between)]
    return tuple(dict.fromkeys(word for word in words if word))


def _roles(columns: Sequence[str], path: Path) -> dict[str, str]:
    """Find the columns that impasto understands, whatever the case of their names."""
    known = {column.strip().lower(): column for column in reversed(columns)}
    for name in FILE_COLUMNS:
        if name in known:
            roles = {"file": known[name]}
            break
    else:
        listed = ", ".join(repr(column) for column in columns[:20]) or "none"
        raise InvalidInput(
            f"{path.name} has no column that names the files; call it 'file_name' "
            f"(or {', '.join(FILE_COLUMNS[1:])}). Its columns are: {listed}."
        )
    return roles | {role: known[role] for role in ("label", "tags", "split") if role in known}


# CSV


def _open_csv(path: Path) -> _Table:
    encoding = _encoding(path)
    delimiter, columns = _header(path, encoding)
    roles = _roles(columns, path)
    kept = [column for column in columns if column not in roles.values()]
    cells = _cell_types(path, encoding, delimiter, columns, kept)
    return _Table(roles, _typed(_csv_rows(path, encoding, delimiter, columns), cells))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _header(path: Path, encoding: str) -> tuple[str, list[str]]:
    """Return delimiter and column names: the delimiter that gives a column of files."""
    with _text(path, encoding) as file, _explained(path):
        line = file.readline(_SNIFFED)
    if not line.strip():
        raise InvalidInput(f"{path.name} has no header line.")
    best: tuple[str, list[str]] = (",", [])
    for delimiter in ("\t", ",", ";", "|") if path.suffix.lower() == ".tsv" else ",;\t|":
        with _text(path, encoding) as file, _explained(path):
            columns = [column.strip() for column in next(csv.reader(file, delimiter=delimiter))]
        if {column.lower() for column in columns} & set(FILE_COLUMNS):
            best = (delimiter, columns)
            break
        if len(columns) > len(best[1]):
            best = (delimiter, columns)
    twice = [column for column in dict.fromkeys(best[1]) if column and best[1].count(column) > 1]
    if twice:
        raise InvalidInput(f"{path.name} has several columns {twice[0]!r}; rename all but one.")
    return best


def _csv_rows(
    path: Path, encoding: str, delimiter: str, columns: list[str]
) -> Generator[tuple[int, dict[str, str] | str], None, None]:
    with _text(path, encoding) as file, _explained(path):
        reader = csv.reader(file, delimiter=delimiter)
        next(reader)
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) > len(columns) and any(cells[len(columns) :]):
                yield reader.line_num, f"the row has {len(cells)} cells for {len(columns)} columns"
            else:
                yield reader.line_num, dict(zip(columns, cells, strict=False))


def _typed(
    rows: Iterator[tuple[int, dict[str, str] | str]], cells: Mapping[str, _Cell]
) -> Iterator[tuple[int, _Row | str]]:
    for line, row in rows:
        if isinstance(row, str):
            yield line, row
            continue
        typed: dict[str, Any] = dict(row)
        for column, convert in cells.items():
            if typed.get(column, "").strip():
                typed[column] = convert(typed[column].strip())
        yield line, typed


def _cell_types(
    path: Path, encoding: str, delimiter: str, columns: list[str], kept: list[str]
) -> dict[str, _Cell]:
    """Read the whole file once to see what all cells of a column are."""
    open_to = dict.fromkeys(kept, _KINDS)
    with closing(_csv_rows(path, encoding, delimiter, columns)) as rows:
        for _, row in rows:
            if isinstance(row, str):
                continue
            for column in kept:
                text = row.get(column, "").strip()
                kinds = open_to[column]
                # After the first cell a kind can only widen (integer to float): asking the
                # narrowest is enough.
                if text and kinds and (kinds is _KINDS or not kinds[0][0](text)):
                    open_to[column] = tuple(kind for kind in kinds if kind[0](text))
    return {column: kinds[0][1] for column, kinds in open_to.items() if kinds}


def _is_integer(text: str) -> bool:
    return len(text) < 20 and _INTEGER.match(text) is not None and abs(int(text)) < _INT64


def _is_float(text: str) -> bool:
    """Tell whether text is a plain number (``007`` is a name, ``1e999`` has no value)."""
    if _FLOAT.match(text) is None or re.match(r"[+-]?0\d", text):
        return False
    return math.isfinite(float(text))


def _is_boolean(text: str) -> bool:
    return text.lower() in _BOOLEANS


def _boolean(text: str) -> Value:
    return _BOOLEANS[text.lower()]


_KINDS: tuple[tuple[Callable[[str], bool], _Cell], ...] = (
    (_is_integer, int),
    (_is_float, float),
    (_is_boolean, _boolean),
)


def _text(path: Path, encoding: str) -> IO[str]:
    return path.open("r", encoding=encoding, newline="")


class _explained:  # noqa: N801 - reads as a word in a with statement
    """Turn what can go wrong while reading text into one sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Explain a decoding or CSV error."""
        if isinstance(error, UnicodeError):
            raise InvalidInput(
                f"{self.path.name} is not UTF-8 text ({error}); save it as UTF-8."
            ) from error
        if isinstance(error, csv.Error):
            raise InvalidInput(f"{self.path.name} is damaged: {error}.") from error


# JSON lines


def _open_json_lines(path: Path) -> _Table:
    with closing(_json_rows(path)) as rows:
        first = next((row for _, row in rows if not isinstance(row, str)), None)
    if first is None:
        raise InvalidInput(f"{path.name} has no line that is a JSON object.")
    return _Table(_roles(list(first), path), _json_rows(path))


def _json_rows(path: Path) -> Generator[tuple[int, _Row | str], None, None]:
    with _text(path, _encoding(path)) as file, _explained(path):
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, f"the line is not JSON ({error})"
                continue
            yield number, row if isinstance(row, dict) else "the line is not a JSON object"


# Parquet


def _open_parquet(path: Path) -> _Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{path.name} is not a Parquet file that can be read: {error}"
        ) from error
    roles = _roles(columns, path)
    kind = pq.read_schema(path).field(roles["file"]).type
    if not _is_string(kind):
        raise InvalidInput(
            f"The column {roles['file']!r} of {path.name} holds {kind}, not file names; write "
            "the pictures to files and name those."
        )
    return _Table(roles, _parquet_rows(path))


def _is_string(kind: Any) -> bool:
    import pyarrow.types as pt

    if pt.is_dictionary(kind):
        kind = kind.value_type
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _parquet_rows(path: Path) -> Iterator[tuple[int, _Row | str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyarrow.types as pt

    try:
        with pq.ParquetFile(path) as file:
            binary = (pt.is_binary, pt.is_large_binary, pt.is_fixed_size_binary)
            wanted = [
                field.name
                for field in file.schema_arrow
                if not any(test(field.type) for test in binary)
            ]
            number = 0
            for batch in file.iter_batches(batch_size=4096, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{path.name} is damaged: {error}") from error


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
