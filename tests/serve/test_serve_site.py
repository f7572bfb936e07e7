"""A site without a server: what is in it, and what must not be."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image as Pillow

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.library import Collection as Library
from impasto.serve import site as sites
from impasto.serve.app import create_app
from impasto.serve.front import STATIC
from impasto.serve.site import NEAR, SiteOptions, write_site
from impasto.serve.studio import Studio
from impasto.store import Collection, Filter, KeptQuery

if TYPE_CHECKING:
    from tests.serve.conftest import Room

PAGE = (
    '<!doctype html><html><head>\n    <meta charset="utf-8" />\n</head>'
    '<body><div id="app"></div></body></html>'
)


@pytest.fixture(autouse=True)
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some pages, so that these tests need no front end."""
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "NOTICES.txt").write_text("What the built pages contain of others.")
    (folder / "built-from.json").write_text("{}")
    monkeypatch.setattr(sites, "STATIC", folder)


def data(site: Path, name: str) -> object:
    return json.loads((site / "data" / name).read_text(encoding="utf-8"))


def cards_of(site: Path) -> list[dict[str, object]]:
    files = sorted((site / "data" / "cards").iterdir(), key=lambda file: int(file.stem))
    return [card for file in files for card in json.loads(file.read_text(encoding="utf-8"))]


def test_facts_are_those_of_the_api(room: Room, tmp_path: Path) -> None:
    done = write_site(room.studio.collection, tmp_path / "site")
    ids = np.fromfile(tmp_path / "site" / "data" / "ids.i32", "<i4").tolist()
    assert ids == sorted(room.usable)
    assert done.images == len(ids)
    cards = cards_of(tmp_path / "site")
    assert cards == room.client.get(f"/api/cards?ids={','.join(map(str, ids))}").json()
    for image in ids:
        file = tmp_path / "site" / "data" / "thumbnails" / str(image // 1000) / f"{image}.jpg"
        assert file.read_bytes() == room.client.get(f"/api/thumbnails/{image}").content
    assert {one.path for one in done.skipped} == {
        image.path
        for image in room.studio.collection.images(room.studio.collection.order())
        if image.id not in room.usable
    }


def test_neighbours_are_those_of_the_api(room: Room, tmp_path: Path) -> None:
    write_site(room.studio.collection, tmp_path / "site", SiteOptions(k=5))
    told = data(tmp_path / "site", "site.json")
    assert isinstance(told, dict)
    (name,) = told["near"]
    assert name == told["collection"]["default_space"]
    ids = np.fromfile(tmp_path / "site" / "data" / "ids.i32", "<i4").tolist()
    rows = np.fromfile(tmp_path / "site" / "data" / "near" / name / "0.bin", NEAR)
    rows = rows.reshape(len(ids), 5)
    for image, row in zip(ids, rows, strict=True):
        answer = room.client.get(f"/api/neighbours?term=image:{image}&k=5").json()
        assert told["near"][name]["total"] == answer["total"]
        assert told["near"][name]["background"] == pytest.approx(answer["background"])
        assert row["id"].tolist() == [one["id"] for one in answer["neighbours"]]
        # One random pair more or less is below a similarity that is itself among them.
        for field, slack in (("similarity", 1e-3), ("percentile", 0.5), ("z", 1e-2)):
            wanted = [one[field] for one in answer["neighbours"]]
            np.testing.assert_allclose(row[field], wanted, rtol=1e-3, atol=slack)


def test_maps_are_those_of_the_api(room: Room, tmp_path: Path) -> None:
    shutil.copytree(room.studio.collection.path, tmp_path / "own.impasto")
    with Collection.open(tmp_path / "own.impasto") as collection:
        made = flow.make_map(collection, name="flat")
        label = collection.facets().labels[0][0]
        write_site(collection, tmp_path / "all")
        write_site(collection, tmp_path / "some", SiteOptions(Filter(label=label)))
        write_site(collection, tmp_path / "none", SiteOptions(maps=()))
        some = set(collection.ids_with(label=label).tolist())
        studio = Studio(collection)
        with TestClient(create_app(studio), base_url="http://127.0.0.1:8585") as client:
            told = data(tmp_path / "all", "site.json")
            assert isinstance(told, dict)
            assert told["rooms"] == ["browse", "neighbours", "distribution", "map"]
            for address, file in told["answers"].items():
                if not address.startswith(("sprites/", "distribution/")):
                    asked = client.get(f"/api/{address}").content
                    kept = (tmp_path / "all" / "data" / file).read_bytes()
                    assert kept == asked or json.loads(kept) == json.loads(asked), address
        studio.close()

    def points(site: str) -> NDArray[np.void]:
        told = data(tmp_path / site, "site.json")
        assert isinstance(told, dict)
        file = tmp_path / site / "data" / told["answers"]["maps/flat/points"]
        return np.fromfile(file, np.dtype([("id", "<i4"), ("x", "<f4"), ("y", "<f4")]))

    everyone, few = points("all"), points("some")
    assert set(few["id"].tolist()) == some & set(made.ids.tolist())
    np.testing.assert_array_equal(few, everyone[np.isin(everyone["id"], few["id"])])
    assert data(tmp_path / "none", "site.json")["rooms"] == [  # type: ignore[index]
        "browse",
        "neighbours",
        "distribution",
    ]


def test_distributions_are_those_of_the_api(room: Room, tmp_path: Path) -> None:
    collection = room.studio.collection
    labels = [name for name, _ in collection.facets().labels]
    write_site(collection, tmp_path / "all")
    few = collection.order(Filter(label=labels[0], usable=True))[:4].tolist()
    write_site(collection, tmp_path / "few", SiteOptions(ids=few))
    for site, wanted in (("all", labels), ("few", labels[:1])):
        told = data(tmp_path / site, "site.json")
        assert isinstance(told, dict)
        held = told["distributions"]
        assert sorted(one["terms"] for one in held) == sorted([f"label:{each}"] for each in wanted)
        ids = np.fromfile(tmp_path / site / "data" / "ids.i32", "<i4")
        for number, one in enumerate(held):
            query = {"term": one["terms"], "space": one["space"]}
            answer = room.client.get("/api/distribution", params={**query, "bins": 400}).json()
            files = told["answers"]
            kept = data(tmp_path / site, files[f"distribution/{number}"])
            assert isinstance(kept, dict)
            assert kept["title"] == one["title"] == answer["title"]
            assert kept["counts"] == answer["counts"]
            assert kept["above"] == answer["above"]
            assert sum(kept["counts"]) == answer["total"]
            for name in ("edges", "mean", "std", "background"):
                assert kept[name] == pytest.approx(answer[name], rel=1e-5)
            similarities = np.fromfile(
                tmp_path / site / "data" / files[f"distribution/{number}/similarities"], "<f4"
            )
            low, high = np.nanquantile(similarities, [0.3, 0.8]).tolist()
            inside = room.client.get(
                "/api/distribution/images", params={**query, "low": low, "high": high}
            )
            listed = np.frombuffer(inside.content, "<i4")
            mine = np.flatnonzero((similarities >= low) & (similarities < high))
            mine = mine[np.lexsort((ids[mine], -similarities[mine]))]
            assert ids[mine].tolist() == listed[np.isin(listed, ids)].tolist()
            assert len(mine)


def test_comparisons_are_answered_beforehand(room: Room, tmp_path: Path) -> None:
    shutil.copytree(room.studio.collection.path, tmp_path / "own.impasto")
    name = "a <b> & c"
    with Collection.open(tmp_path / "own.impasto") as collection:
        labels = [name for name, _ in collection.facets().labels[:3]]
        queries = [KeptQuery((f"label:{each}",), slot=i) for i, each in enumerate(labels)]
        flow.keep(collection, name, queries, k=5)
        for site in ("one", "two"):
            write_site(collection, tmp_path / site, SiteOptions(comparisons=(name,)))
        few = SiteOptions(Filter(label=labels[0]), comparisons=(name,))
        write_site(collection, tmp_path / "few", few)
        shown = collection.order(Filter(label=labels[0], usable=True)).tolist()
        with pytest.raises(NotFound, match="comparison"):
            write_site(collection, tmp_path / "no", SiteOptions(comparisons=("other",)))
    assert not (tmp_path / "no").exists()

    told = data(tmp_path / "one", "site.json")
    assert isinstance(told, dict)
    assert "compare" in told["rooms"]
    (kept,) = told["comparisons"]
    asked = {"space": kept["space"], "k": 5, "queries": [{"terms": q} for q in kept["queries"]]}

    def answer(site: str, address: str) -> bytes:
        files: dict[str, str] = data(tmp_path / site, "site.json")["answers"]  # type: ignore[index]
        return (tmp_path / site / "data" / files[address]).read_bytes()

    def ask(path: str, **more: object) -> Any:
        return room.client.post(f"/api/compare{path}", json={**asked, **more})

    assert json.loads(answer("one", "compare/0")) == ask("").json()
    assert json.loads(answer("one", f"comparisons/{name}"))["name"] == name
    pair = {"first": 0, "second": 2}
    assert json.loads(answer("one", "compare/0/scatter/0/2")) == ask("/scatter", **pair).json()
    changes = ask("/changes", count=24, **pair).json()
    assert json.loads(answer("one", "compare/0/changes/0/2")) == changes
    some = json.loads(answer("few", "compare/0/changes/0/2"))
    assert some["gains"] == [each for each in changes["gains"] if each["id"] in shown]
    for corner in ("first", "second", "both", "neither"):
        inside = ask("/images", corner=corner, **pair).content
        assert answer("one", f"compare/0/images/0/2/{corner}") == inside
        ids = [id_ for id_ in np.frombuffer(inside, "<i4").tolist() if id_ in shown]
        found = np.frombuffer(answer("few", f"compare/0/images/0/2/{corner}"), "<i4")
        assert found.tolist() == ids
    points = ask("/scatter", **pair).json()["points"]
    row = np.dtype([("id", "<i4"), ("to", "<f4", (3,))])
    rows = np.frombuffer(answer("one", "compare/0/similarities"), row)
    assert rows["id"].tolist() == points["ids"]
    assert rows["to"][:, 2].tolist() == points["y"]
    assert np.frombuffer(answer("few", "compare/0/similarities"), row)["id"].tolist() == [
        id_ for id_ in points["ids"] if id_ in shown
    ]
    dots = json.loads(answer("few", "compare/0/scatter/0/2"))["points"]["ids"]
    assert dots == [id_ for id_ in points["ids"] if id_ in shown]
    assert answer("one", "compare/0/file/svg").startswith((b"<svg", b"<?xml"))
    assert json.loads(answer("one", "compare/0/file/json"))["ks"] == ask("").json()["ks"]
    for file in (tmp_path / "one" / "data" / "answers").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / "data" / "answers" / file.name).read_bytes()


def test_sheets_show_only_what_is_in_the_site(room: Room, tmp_path: Path) -> None:
    shutil.copytree(room.studio.collection.path, tmp_path / "own.impasto")
    with Collection.open(tmp_path / "own.impasto") as collection:
        flow.make_map(collection, name="flat")
        one = room.usable[0]
        write_site(collection, tmp_path / "one", SiteOptions(limit=1))
        write_site(collection, tmp_path / "all")
    sheets = []
    for site in ("one", "all"):
        told = data(tmp_path / site, "site.json")
        assert isinstance(told, dict)
        with Pillow.open(tmp_path / site / "data" / told["answers"]["sprites/8/0"]) as picture:
            sheets.append(np.asarray(picture.convert("RGB"), np.int64))
    cells = [
        (sheet.reshape(32, 8, 32, 8, 3).transpose(0, 2, 1, 3, 4).reshape(1024, -1) - 128)
        for sheet in sheets
    ]
    drawn = [set(np.flatnonzero(np.abs(each).max(axis=1) > 8).tolist()) for each in cells]
    assert drawn[0] == {one}
    assert drawn[1] == set(room.usable)


def test_a_site_of_some_images_shows_no_others(room: Room, tmp_path: Path) -> None:
    collection = room.studio.collection
    label = collection.facets().labels[0][0]
    done = write_site(
        collection, tmp_path / "site", SiteOptions(Filter(label=label), k=50, title="Some")
    )
    wanted = set(np.intersect1d(collection.ids_with(label=label), room.usable).tolist())
    assert {card["id"] for card in cards_of(tmp_path / "site")} == wanted
    names = {int(file.stem) for file in (tmp_path / "site").rglob("*.jpg")}
    assert names == wanted
    (near,) = (tmp_path / "site" / "data" / "near").rglob("*.bin")
    seen = set(np.fromfile(near, NEAR)["id"].tolist()) - {-1}
    assert seen <= wanted
    told = data(tmp_path / "site", "site.json")
    assert isinstance(told, dict)
    assert told["collection"]["name"] == "Some"
    assert done.images == told["collection"]["images"] == len(wanted)


def test_nothing_tells_where_it_was_made(room: Room, tmp_path: Path) -> None:
    write_site(room.studio.collection, tmp_path / "site")
    places = [str(root) for root in room.studio.collection.roots()] + [str(tmp_path)]
    for file in (tmp_path / "site").rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("latin-1")
            assert not any(place in text for place in places), file
    assert not (tmp_path / "site" / "built-from.json").exists()
    assert (tmp_path / "site" / "NOTICES.txt").is_file()


def test_the_page_knows_where_its_data_is_and_asks_nobody_else(room: Room, tmp_path: Path) -> None:
    write_site(room.studio.collection, tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert '<meta name="impasto-data" content="data/" />' in page
    assert "default-src 'self'" in page
    assert "https://" not in page
    assert "http.server" in (tmp_path / "site" / "README.txt").read_text(encoding="utf-8")


def test_the_same_images_give_the_same_site(room: Room, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_site(room.studio.collection, tmp_path / name)
    first, second = (
        {file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()}
        for site in (tmp_path / "first", tmp_path / "second")
    )
    assert first == second


def test_errors_say_what_to_do(room: Room, tmp_path: Path) -> None:
    collection = room.studio.collection
    with pytest.raises(NotFound, match="nothing to show"):
        write_site(collection, tmp_path / "a", SiteOptions(Filter(text="no such word")))
    with pytest.raises(NotFound, match="space"):
        write_site(collection, tmp_path / "a", SiteOptions(spaces=("other-net",)))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="overwrite"):
        write_site(collection, tmp_path / "a")
    with pytest.raises(InvalidInput, match="never replaces"):
        write_site(collection, collection.path.parent, SiteOptions(overwrite=True))


def test_a_collection_without_vectors_has_a_site_too(tmp_path: Path, room: Room) -> None:
    from PIL import Image as Pillow

    from impasto import flow

    (tmp_path / "in").mkdir()
    Pillow.new("RGB", (50, 40), "red").save(tmp_path / "in" / "red.png")
    with Collection.create(tmp_path / "plain.impasto") as collection:
        flow.add(collection, tmp_path / "in")
        flow.read(collection)
        write_site(collection, tmp_path / "site")
    told = data(tmp_path / "site", "site.json")
    assert isinstance(told, dict)
    assert told["rooms"] == ["browse"]


def test_the_library_writes_sites(room: Room, tmp_path: Path) -> None:
    done = Library(room.studio.collection).export_app(tmp_path / "site", limit=3)
    assert done.images == 3


def test_built_pages_name_only_what_lies_beside_them() -> None:
    page = STATIC / "index.html"
    if not page.is_file():
        pytest.skip("the pages are not built")
    for address in re.findall(r'(?:src|href)="([^"]*)"', page.read_text(encoding="utf-8")):
        assert address.startswith("./")
        assert (STATIC / address).is_file()
