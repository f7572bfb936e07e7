"""Labels from file names: proposed, reviewed, set as one edit, replayed elsewhere."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kit import draw, impasto

from impasto import flow
from impasto.core.errors import InvalidInput, MissingExtra, NotFound
from impasto.core.space import Space
from impasto.store import Collection

NAMES = (
    *("zebra-1", "zebra-2", "zebra_3", "crane-yellow", "crane-truck", "hot-dog", "hotdogs"),
    *("dog", "unknown", "umbrella", "umbrella and zebra"),
)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of pictures with names that say something, and made-up answers."""
    folder = tmp_path_factory.mktemp("named")
    drawn = sorted(draw(folder / "drawn", 4).rglob("*.png"))
    (folder / "pictures").mkdir()
    for file, name in zip(drawn, NAMES, strict=False):
        file.rename(folder / "pictures" / f"{name}.png")
    assert impasto("add", folder / "named", folder / "pictures", "--labels", "none").code == 0
    space = Space("answers", "logits", 1000, "0" * 64)
    with Collection.open(folder / "named.impasto") as made:
        logits = np.zeros((len(NAMES), 1000), np.float32)
        for row, image in enumerate(made.images(made.order().tolist())):
            output = {"zebra-1.png": 340, "zebra-2.png": 340, "crane-yellow.png": 517}
            logits[row, output.get(image.name, 900)] = 9
            logits[row, 340 if image.name.startswith("zebra") else 901] += 5
        with made.writing(space) as writing:
            writing.save(ids=made.order(), values=[logits])
    return folder


@pytest.fixture
def mine(named: Path, tmp_path: Path) -> Iterator[Collection]:
    import shutil

    shutil.copytree(named / "named.impasto", tmp_path / "named.impasto")
    shutil.copytree(named / "pictures", tmp_path / "pictures")
    with Collection.open(tmp_path / "named.impasto") as collection:
        yield collection


def labels(collection: Collection) -> dict[str, str | None]:
    images = collection.images(collection.order().tolist())
    return {Path(image.name).stem: image.label for image in images}


def test_a_proposal_with_its_doubts(mine: Collection) -> None:
    before = mine.version
    seen = flow.look_at_classes(mine, flow.ClassOptions(min_known=0.5))
    assert mine.version == before
    found = {one.name: one for one in seen.classes}
    assert {name: one.images for name, one in found.items()} == {
        "zebra": 3, "crane": 2, "hotdog": 2, "umbrella": 1
    }  # fmt: skip
    assert {name: one.accept for name, one in found.items()} == {
        "zebra": True, "crane": None, "hotdog": False, "umbrella": False
    }  # fmt: skip
    assert found["zebra"].known is not None
    assert found["zebra"].known.top1.value == pytest.approx(2 / 3)
    assert found["zebra"].known.among.value == 1
    assert found["crane"].doubts == ("The list also has crane bird: names may mean that.",)
    assert found["crane"].known is not None
    assert found["crane"].known.answers == ((517, 1), (900, 1))
    assert found["crane"].companions == (("truck", 1), ("yellow", 1))
    assert found["umbrella"].doubts[0] == "1 images, fewer than 2."
    assert (seen.several, seen.none) == (1, 2)
    assert dict(seen.mapped.left) == {"dog": 1, "unknown": 1}
    assert any("WordNet is not on this machine" in note for note in seen.notes)
    json.dumps(seen.to_json())


def test_a_name_of_two_lines_shows_what_the_network_sees(mine: Collection, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("zebra\ncrane\nzebras\n")
    seen = flow.look_at_classes(mine, flow.ClassOptions(words=str(tmp_path / "words.txt")))
    listed = flow.look_at_classes(mine, flow.ClassOptions(lines=("zebra", "crane", "zebras")))
    assert listed.audit == seen.audit
    zebra = seen.classes[0]
    assert (zebra.name, zebra.accept) == ("zebra", None)
    assert zebra.doubts == (
        "2 lines of the list have this name; the network says zebra [340] (2), "
        "water tower [900] (2).",
    )


def test_labels_are_one_edit_and_replay_gives_them_again(mine: Collection, tmp_path: Path) -> None:
    mine.set_label(mine.order().tolist(), "old")
    options = flow.ClassOptions(min_known=0.5, keep=("crane",), phrases={"crane truck": ""})
    seen = flow.look_at_classes(mine, options)
    assert seen.audit.why["crane"][-1] != "Kept by hand."  # its doubts follow
    assert "Kept by hand." in seen.audit.why["crane"]
    third = next(i for i in mine.images(mine.order().tolist()) if i.name == "zebra_3.png")
    audit = replace(
        seen.audit,
        images=(*seen.audit.images, *_out(third.path, third.sha256)),
    )
    dry = flow.decide_classes(mine, audit, keep=False)
    assert set(labels(mine).values()) == {"old"}
    made = flow.decide_classes(mine, audit)
    assert dict(made.counts) == dict(dry.counts) == {"zebra": 3, "crane": 1}
    assert made.changed == dry.changed == len(NAMES)
    assert "Labels of only one image: crane." in made.notes
    after = labels(mine)
    assert {name for name, label in after.items() if label == "zebra"} == {
        *("zebra-1", "zebra-2", "umbrella and zebra")
    }
    file = flow.write_audit(tmp_path / "audit.jsonl", audit)
    assert mine.undo().title == "Labelled by name: 2 classes"
    assert set(labels(mine).values()) == {"old"}
    mine.remove_space(mine.space_names()[0])  # replay asks no network
    flow.decide_classes(mine, flow.read_audit(file))
    assert labels(mine) == after
    kept = mine.report("classes")
    assert kept is not None
    assert kept["decisions"] == audit.lines()
    (tmp_path / "twin").mkdir()
    for picture in (tmp_path / "pictures").iterdir():
        picture.rename(tmp_path / "twin" / picture.name)
    impasto("add", tmp_path / "twin", tmp_path / "twin", "--labels", "none")
    said = impasto("classes", tmp_path / "twin", "--apply", file, "--json", "-q").data
    assert said["decided"]["classes"] == {"zebra": 3, "crane": 1}
    with Collection.open(tmp_path / "twin.impasto", writable=False) as twin:
        assert labels(twin) == after


def _out(path: str, digest: bytes | None) -> tuple[flow.ImageDecision, ...]:
    return (flow.ImageDecision(path, "" if digest is None else digest.hex(), ""),)


def test_others_keep_their_label_if_so_asked(mine: Collection) -> None:
    mine.set_label(mine.order().tolist(), "old")
    seen = flow.look_at_classes(mine, flow.ClassOptions(others="keep"))
    flow.decide_classes(mine, seen.audit)
    assert set(labels(mine).values()) == {"old", "zebra", "hotdog"}


def test_a_list_of_ones_own(mine: Collection, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("hot dog, hotdog\ndog, hound\n")
    seen = flow.look_at_classes(mine, flow.ClassOptions(words=str(tmp_path / "words.txt")))
    assert {one.name: one.images for one in seen.classes} == {"hot dog": 2, "dog": 1}
    (tmp_path / "words.txt").unlink()  # the audit holds the list
    again = flow.ClassAudit.from_lines(json.loads(json.dumps(seen.audit.lines())))
    assert dict(flow.decide_classes(mine, again).counts) == {"hot dog": 2}


def test_the_page_for_review(mine: Collection, tmp_path: Path) -> None:
    seen = flow.look_at_classes(mine)
    page = flow.write_review(mine, seen, tmp_path / "review.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 9
    assert not re.search(r"(src|href)=\"https?:", page)
    assert page.index("<h2>crane</h2>") < page.index("<h2>zebra</h2>")  # what needs a look first
    assert "umbrella and zebra.png: umbrella, zebra" in page
    audit = re.search(r'<script type="application/json" id="audit">(.*?)</script>', page, re.DOTALL)
    assert audit is not None
    assert json.loads(audit[1]) == json.loads(json.dumps(seen.audit.lines()))


def test_what_goes_wrong_is_said(mine: Collection, tmp_path: Path) -> None:
    for options, error, said in (
        ({"keep": ("zbra",)}, NotFound, "Did you mean 'zebra'"),
        ({"keep": ("zebra",), "drop": ("zebra",)}, InvalidInput, "both kept and dropped"),
        ({"words": str(tmp_path / "nowhere")}, InvalidInput, "no file"),
        ({"words": "wordnet"}, MissingExtra, "WordNet is not on this machine"),
        ({"reference": "nothing"}, NotFound, "No space"),
        ({"min_images": 0}, InvalidInput, "at least 1"),
        ({"min_known": 2.0}, InvalidInput, "between 0 and 1"),
        ({"measure": "top3"}, InvalidInput, "top1, top5 or among"),
        ({"rule": "some"}, InvalidInput, "whole or any"),
    ):
        with pytest.raises(error, match=said):
            flow.look_at_classes(mine, flow.ClassOptions(**options))
    (tmp_path / "cats.txt").write_text("cat")
    with pytest.raises(InvalidInput, match=r"No name of an image here \(11\) fits a class"):
        flow.look_at_classes(mine, flow.ClassOptions(words=str(tmp_path / "cats.txt")))
    with pytest.raises(InvalidInput, match="No image would get a label"):
        flow.decide_classes(mine, flow.ClassAudit())
    mine.remove_space(mine.space_names()[0])
    with pytest.raises(InvalidInput, match="--layer logits"):
        flow.look_at_classes(mine, flow.ClassOptions(min_known=0.5))
    assert any("--layer logits" in note for note in flow.look_at_classes(mine).notes)
    assert mine.history() == []


def test_on_the_command_line(mine: Collection, tmp_path: Path) -> None:
    path = mine.path
    mine.close()
    said = impasto(
        "classes", path, "--review", tmp_path / "r.html", "--suggest", tmp_path / "s.jsonl"
    )
    assert "11 images: 8 fit one of 4 classes, 1 fit several, 2 none." in said.out
    assert "look at crane: The list also has crane bird" in said.out
    assert "Nothing was changed" in said.out
    assert (tmp_path / "r.html").is_file()
    dry = impasto("classes", path, "--apply", tmp_path / "s.jsonl", "--dry-run", "-q")
    assert "6 images would have one of 2 labels, 5 none of them; 6 would change." in dry.out
    assert "Undecided, so not accepted: 1 classes (crane)." in dry.out
    words = (
        "--set",
        "--keep",
        "crane",
        "--phrase",
        "crane truck=",
        "--audit",
        tmp_path / "a.jsonl",
    )
    assert "7 images have one of 3 labels" in impasto("classes", path, *words, "-q").out
    assert '"of": "crane truck", "into": ""' in (tmp_path / "a.jsonl").read_text()
    assert "WORDS=CLASS" in impasto("classes", path, "--phrase", "x").sentence
    assert "give it alone" in impasto("classes", path, "--apply", "x", "--set").sentence
    assert "give --set" in impasto("classes", path, "--audit", "x").sentence
    assert ".html" in impasto("classes", path, "--review", "x.pdf", "-q").sentence


def test_from_the_library(mine: Collection) -> None:
    import impasto as package

    path = mine.path
    mine.close()
    with package.open(path) as c:
        seen = c.look_at_classes(rule="any", min_images=1)
        assert any("only a part" in doubt for one in seen.classes for doubt in one.doubts)
        assert c.decide_classes(seen.audit).counts["zebra"] >= 3


@pytest.fixture(autouse=True)
def no_wordnet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed here, these tests have no WordNet."""
    for name in ("nltk", "nltk.corpus", "wn"):
        monkeypatch.setitem(sys.modules, name, None)
