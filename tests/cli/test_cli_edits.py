"""`impasto edit`, `impasto undo` and `impasto redo`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto.cli.main import run
from impasto.core.records import About, Found
from impasto.store import Collection, Filter


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    with Collection.create(tmp_path / "pictures.impasto") as made:
        abouts = [About("bird", ("sea",), None, {"year": 1900 + k}) for k in range(6)]
        found = [Found(tmp_path, f"{k}.png", 1, k, about) for k, about in enumerate(abouts)]
        made.record(found, root=tmp_path, prune=False, hash_file=lambda file: bytes(32))
    return tmp_path / "pictures.impasto"


def test_edit_undo_redo(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def say(*arguments: str) -> str:
        assert run([arguments[0], str(pictures), *arguments[1:]]) == 0
        return capsys.readouterr().out

    early = ("--range", "property:year=..1902")
    assert say("edit", "tag", "old", "dear", *early) == "Tagged old, dear (3 images).\n"
    assert say("edit", "untag", "sea", "--image", "1", "--image", "6").startswith("Untagged sea (2")
    assert say("edit", "label", "--tag", "old").startswith("Label taken away (3 images)")
    assert say("edit", "split", "test", "--all") == "Put into test (6 images).\n"
    assert say("edit", "flag", "odd one", "--value", "year=1903") == "Flagged: odd one (1 image).\n"
    assert say("edit", "hide", "--flag", "flagged") == "Hidden (1 image).\n"
    with Collection.open(pictures, writable=False) as held:
        assert held.count() == 5
        assert held.count(Filter(split="test", hidden=True)) == 6
        assert held.image(1).tags == ("dear", "old")
    assert say("edit", "show", "--all") == "Shown again (1 image).\n"
    assert say("undo") == "Undone: Shown again (1 image).\n"
    either = ("--tag", "dear", "--tag", "sea", "--label", "bird", "--label", "fish", "--unlabelled")
    assert json.loads(say("edit", "unflag", *either, "--json"))["looked_at"] == 2
    assert json.loads(say("edit", "unflag", *either, "--any-tag", "--json"))["looked_at"] == 4
    told = json.loads(say("undo", "--json"))
    assert told == {"title": "Hidden", "images": 1, "undone": True}
    assert say("redo") == "Done again: Hidden (1 image).\n"
    told = json.loads(say("edit", "unflag", "--flag", "gone", "--json"))
    assert told == {"looked_at": 0, "changed": 0, "title": None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["edit", "hide"], "Say which images"),
        (["edit", "label", "a", "b", "--all"], "takes 1 VALUE, not 2"),
        (["edit", "hide", "a", "--all"], "takes no VALUE"),
        (["edit", "tag", "--all"], "at least one tag"),
        (["edit", "split", "training", "--all"], "train, validation, test"),
        (["edit", "hide", "--flag", "broke"], "There are the flags"),
        (["edit", "hide", "--range", "width"], "LOW..HIGH"),
        (["edit", "hide", "--value", "oil"], "NAME=VALUE"),
        (["undo"], "nothing to undo"),
        (["redo"], "nothing to redo"),
    ],
)
def test_wrong_edits_are_explained(
    pictures: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([arguments[0], str(pictures), *arguments[1:]]) == 1
    assert said in capsys.readouterr().err
