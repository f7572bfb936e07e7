"""Tables, JSON and progress as people and machines get them."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.cli import progress
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import Bar, Lines, Reporter, progress_for

Plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def printed(data: Any) -> str:
    out = io.StringIO()
    before, sys.stdout = sys.stdout, out
    try:
        print_json(data)
    finally:
        sys.stdout = before
    return out.getvalue()


def without_nan(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: without_nan(value) for key, value in data.items()}
    if isinstance(data, list):
        return [without_nan(value) for value in data]
    return None if isinstance(data, float) and not np.isfinite(data) else data


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), Plain))
def test_json_is_one_line_that_any_parser_reads(data: dict[str, Any]) -> None:
    text = printed(data)
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name)) == without_nan(data)


def test_json_of_arrays() -> None:
    data = {
        "array": np.array([[1.5, np.nan]], np.float32),
        "number": np.float32(0.25),
        "id": np.int64(7),
        "tuple": (1, 2),
        3: "key",
    }
    expected = {"array": [[1.5, None]], "number": 0.25, "id": 7, "tuple": [1, 2], "3": "key"}
    assert json.loads(printed(data)) == expected


def test_tables_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        ["name", "n", "share"], [("a", 5, "10%"), ("much longer", 1234, "7%"), ("", "", "")]
    )
    assert capsys.readouterr().out.splitlines() == [
        "name            n  share",
        "a               5    10%",
        "much longer  1234     7%",
        "",
    ]


def test_a_table_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "n"], [])
    assert capsys.readouterr().out == "name  n\n"


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_lines_say_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    with Lines(every=10) as lines:
        lines.stage("embedding", 1000)
        for _ in range(30):
            clock.now += 1
            lines.advance(10)
        lines.note("A note.")
        clock.now += 1
        lines.advance(700)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "embedding: 1,000 images",
        "embedding: 100 of 1,000 images, 10.0/s, 90 s left",
        "embedding: 200 of 1,000 images, 10.0/s, 80 s left",
        "embedding: 300 of 1,000 images, 10.0/s, 70 s left",
        "A note.",
        "embedding: 1,000 of 1,000 images, 32.3/s",
    ]


def test_lines_without_a_total(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    with Lines() as lines:
        lines.stage("listing", unit="files")
        clock.now += 2
        lines.advance(5000)
    assert capsys.readouterr().err.splitlines() == [
        "listing: started",
        "listing: 5,000 files, 2,500.0/s",
    ]


def test_the_bar_draws_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar() as bar:
        bar.note("Before.")
        bar.advance(1)
        bar.stage("embedding", 4)
        bar.advance(3)
        bar.note("Between.")
        bar.stage("report", unit="pages")
        bar.advance(1)
    out, err = capsys.readouterr()
    assert out == ""
    for text in ("Before.", "embedding", "75%", "3/4", "Between.", "report", "1 pages"):
        assert text in err


def test_quiet_is_silent_and_pipes_get_lines(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = progress_for(quiet=True)
    assert type(quiet) is Reporter
    with quiet:
        quiet.stage("embedding", 3)
        quiet.advance()
        quiet.note("A note.")
    assert capsys.readouterr() == ("", "")
    assert isinstance(progress_for(), Lines)
