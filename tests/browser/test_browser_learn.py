"""Learn: from an empty room to models side by side, by mouse and by keyboard, live and reloaded."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from impasto import flow
from impasto.core.progress import Progress
from impasto.core.records import About, Found
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import PER_SHAPE, Site, Visit, serving, visiting
else:
    from axe import violations
    from visits import PER_SHAPE, Site, Visit, serving, visiting

pytestmark = pytest.mark.browser


@pytest.fixture
def stay(browser: Browser, own: Site) -> Iterator[Visit]:
    """A visit to a collection that may be changed."""
    with visiting(browser, own.address) as opened:
        yield opened


@pytest.fixture(scope="module")
def learned(
    drawn: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A collection with two models of labels and one of tags, which nobody changes."""
    home = tmp_path_factory.mktemp("learned") / "own"
    shutil.copytree(drawn, home)
    with Collection.open(home / "shapes.impasto") as collection:
        circles = collection.ids_with(label="circle").tolist()
        collection.set_label(circles[:4], "square")  # so that there is something to mistake
        for name, method in (("one", "logistic"), ("two", "linear-svm")):
            flow.learn(collection, flow.LearnOptions(method=method, folds=3, name=name))
        flow.learn(collection, flow.LearnOptions(target="tags", min_images=5, folds=3, name="tags"))
    with serving(home / "shapes.impasto") as served:
        yield served


def slow(_: Collection, __: flow.LearnOptions, *, progress: Progress) -> None:
    """Never end, unless cancelled."""
    progress.stage("folds", total=1000, unit="steps")
    for _step in range(1000):
        progress.advance()
        time.sleep(0.05)


def form(page: Page, visit: Visit) -> None:
    """Open the form and wait until it says what would be learned."""
    visit.go("#/learn", pictures=False)
    expect(page.get_by_role("form", name="Learn from vectors")).to_contain_text("3 labels, on 51")


def test_labels_are_learned_and_looked_at(stay: Visit, own: Site) -> None:
    page = stay.page
    form(page, stay)
    page.get_by_label("Folds").fill("1")
    expect(page.get_by_text("Cross-validation takes at least 2 folds, not 1.")).to_be_visible()
    expect(page.get_by_role("button", name="Learn", exact=True)).to_be_disabled()
    page.get_by_label("Folds").fill("3")
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_label("Only").fill("circle, sq*")
    expect(page.get_by_text(f"2 labels, on {2 * PER_SHAPE + 2} pictures.")).to_be_visible()
    page.get_by_role("button", name="Learn", exact=True).click()
    page.get_by_role("link", name="See how well it does").click(timeout=60_000)
    page.wait_for_url("**/#/learn?model=mine")

    said = stay.api("models/mine")
    top1 = said["metrics"]["top1"]
    scores = page.get_by_role("table", name="Scores of mine beside other ways")
    expect(scores.locator("tbody").first).to_contain_text(f"{top1['value']:.2f}")
    expect(scores.locator("tbody").first).to_contain_text(f"{top1['low']:.2f} to")
    expect(scores.locator("tbody").first.get_by_role("row")).to_have_count(4)

    table = page.get_by_role("table", name="Every label", exact=True)
    expect(table.locator("tbody tr")).to_have_count(2)
    table.get_by_role("button", name="Label").click()
    expect(table.locator("tbody tr").first).to_contain_text("circle")
    table.get_by_role("link", name="circle").click()
    page.wait_for_url("**/#/browse?label=circle&range=*")
    expect(page.get_by_text(f"{PER_SHAPE} pictures", exact=True)).to_be_visible()
    worst = own.collection.tested("mine")
    circles = worst.ids[worst.truth == list(worst.names).index("circle")]
    own_score = dict(zip(worst.ids.tolist(), worst.values("score").tolist(), strict=True))
    page.locator(".tile").first.wait_for()
    assert stay.ids()[0] == min(circles.tolist(), key=lambda id_: own_score[id_])
    assert page.get_by_label("Sort by").input_value() == "model:mine:score"
    page.get_by_label("Sort by").select_option("model:mine:confidence")
    page.wait_for_url("**sort=model:mine:confidence*")

    page.go_back()
    page.go_back()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the model").fill("yours")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/learn?model=yours")
    expect(page.get_by_role("heading", name="yours")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it for good").click()
    page.wait_for_url("**/#/learn")
    expect(page.get_by_text("No model yet.")).to_be_visible()
    assert not own.collection.models()


def test_a_run_is_started_reloaded_and_cancelled_by_keys(
    stay: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "learn", slow)
    page = stay.go()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/#/learn")
    start = page.get_by_role("button", name="Learn", exact=True)
    expect(start).to_be_enabled()
    for _ in range(60):
        page.keyboard.press("Tab")
        if start.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    run = page.get_by_role("article", name="Learn label with linear-svm")
    expect(run.get_by_role("status")).to_contain_text(re.compile("of 1,000 steps · .* left"))
    page.reload()
    expect(run.get_by_role("status")).to_contain_text("of 1,000 steps")
    cancel = run.get_by_role("button", name="Cancel")
    cancel.focus()
    page.keyboard.press("Enter")
    expect(run).to_contain_text("Cancelled")
    expect(
        run.get_by_role("button", name="Start Learn label with linear-svm again")
    ).to_be_visible()


def test_a_network_is_tuned_from_the_page_by_keys(stay: Visit, own: Site) -> None:
    page = stay.go("#/learn", pictures=False)
    tune = page.get_by_role("navigation", name="What to do").get_by_role(
        "link", name="Tune a network"
    )
    tune.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/learn?do=tune")
    form = page.get_by_role("form", name="Tune a network")
    expect(form).to_contain_text("3 labels, on 51 pictures.")
    expect(form).to_contain_text("take this when you do not know")  # what the plan lp-ft is for
    for label, text in (("Side of the pictures", "32"), ("Epochs", "1"), ("Name", "mine")):
        form.get_by_label(label, exact=True).focus()
        page.keyboard.type(text)
    start = form.get_by_role("button", name="Tune", exact=True)
    expect(start).to_be_enabled()
    assert violations(page) == []
    start.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="See how well it does").click(timeout=120_000)
    page.wait_for_url("**/#/learn?model=mine")
    expect(page.get_by_role("heading", name="How it was tuned")).to_be_visible()
    assert [one.name for one in own.collection.models()] == ["mine"]


def test_tags_are_looked_through_from_the_page(stay: Visit) -> None:
    page = stay.go("#/learn?do=learnability", pictures=False)
    form = page.get_by_role("form", name="What can be learned?")
    form.get_by_label("Fewest pictures").fill("5")
    form.get_by_role("button", name="Find out").click()
    report = page.get_by_role("link", name="See the report")
    expect(report).to_be_visible(timeout=120_000)
    address = str(report.get_attribute("href")).removeprefix("api/")
    assert page.request.get(f"{stay.address}api/{address}").status == 200
    page.get_by_role("link", name="Judge a model elsewhere").click()
    expect(page.get_by_text("Choose a model of labels or tags.")).to_be_visible()
    expect(page.get_by_role("button", name="Judge", exact=True)).to_be_disabled()
    page.get_by_role("link", name="Look for wrong tags").click()
    form = page.get_by_role("form", name="Look for wrong tags")
    form.get_by_label("Fewest pictures").fill("5")
    form.get_by_role("button", name="Look", exact=True).click()
    page.get_by_role("link", name="Review them").click(timeout=120_000)
    page.wait_for_url("**/#/review")


def test_two_models_side_by_side(browser: Browser, learned: Site) -> None:
    with visiting(browser, learned.address) as visit:
        page = visit.go("#/learn", pictures=False)
        models = page.get_by_role("table", name="Models")
        expect(models.locator("tbody tr")).to_have_count(3)
        models.get_by_role("button", name="Model").click()
        expect(models.locator("tbody tr").first).to_contain_text("one")
        for name in ("one", "two"):
            page.get_by_label(f"Compare {name}").focus()
            page.keyboard.press("Space")
        page.get_by_role("link", name="Compare 2 models").click()
        page.wait_for_url("**/#/learn?compare=one&compare=two")
        said = visit.api("models-compared?names=one,two")
        pair = next(each for each in said["pairs"] if each["measure"] == "top1")
        table = page.get_by_role("table", name="Differences")
        row = table.get_by_role("row").filter(has_text="Right at first")
        expect(row).to_contain_text(f"{pair['difference']['value']:.2f}".replace("-", "−"))
        alone = row.get_by_role("link").first
        expect(alone).to_have_text(str(pair["first_alone"]))
        first, second = (learned.collection.tested(name) for name in ("one", "two"))
        right = set(first.ids[first.answers == first.truth].tolist())
        wrong = set(second.ids[second.answers != second.truth].tolist())
        alone.click()
        page.wait_for_url("**/#/browse?range=*")
        count = len(right & wrong)
        words = (
            f"{count} picture{'' if count == 1 else 's'}" if count else "No picture is like that"
        )
        expect(page.get_by_text(words, exact=True).first).to_be_visible()

        visit.go("#/learn", pictures=False)
        for name in ("one", "tags"):
            page.get_by_label(f"Compare {name}").set_checked(True)
        expect(page.get_by_text("Models of one target can be compared")).to_be_visible()


def test_models_of_a_number_open_the_pictures_that_one_is_closer_to(
    browser: Browser, own: Site
) -> None:
    collection = own.collection
    found = []
    for image in collection.images(collection.order().tolist()):
        state = image.file.stat()
        about = About(image.label, image.tags, None, {"size": 3 * image.width - image.height})
        found.append(Found(image.root, image.path, state.st_size, state.st_mtime_ns, about))
    collection.record(found, root=found[0].root, prune=False, hash_file=lambda _: b"")
    for method in ("ridge", "kernel-ridge"):
        target = flow.LearnOptions(target="size", method=method, folds=3, name=method)
        flow.learn(collection, target)
    with visiting(browser, own.address) as visit:
        page = visit.go("#/learn?compare=ridge&compare=kernel-ridge", pictures=False)
        count = page.get_by_role("button", name="to which kernel-ridge is closer").first
        number = int(count.inner_text())
        count.focus()
        page.keyboard.press("Enter")
        shown = page.get_by_role("group", name="kernel-ridge is closer than ridge")
        expect(shown.get_by_role("link")).to_have_count(number)
        shown.locator("img.ready").first.wait_for()
        asked = "names=ridge,kernel-ridge&first=kernel-ridge&second=ridge&cell=first"
        reply = page.request.get(f"{own.address}api/models-compared/images?{asked}")
        ids = [int(each) for each in np.frombuffer(reply.body(), "<i4")]
        first = shown.get_by_role("link").first.get_attribute("href")
        assert first is not None
        assert f"image%3A{ids[0]}&" in first or f"image:{ids[0]}&" in first
        assert violations(page) == []


def test_what_was_taken_for_what_opens_its_pictures(browser: Browser, learned: Site) -> None:
    with visiting(browser, learned.address) as visit:
        page = visit.go("#/learn?model=one", pictures=False)
        pairs = page.get_by_role("region", name="What it took for what").get_by_role("link")
        said = visit.api("models/one")["mistakes"]
        expect(pairs).to_have_count(len(said))
        cell = said[0]
        pairs.first.click()
        page.wait_for_url("**/#/browse?*answer=one*")
        word = "picture" if cell["images"] == 1 else "pictures"
        expect(page.get_by_text(f"{cell['images']} {word}", exact=True)).to_be_visible()
        tested = learned.collection.tested("one")
        truth, answer = (tested.names.index(cell[key]) for key in ("truth", "answer"))
        want = tested.ids[(tested.truth == truth) & (tested.answers == answer)].tolist()
        page.locator(".tile").first.wait_for()
        assert sorted(visit.ids()) == sorted(want)
        page.get_by_role("button", name=f"Take away: answered {cell['answer']}").click()
        labelled = len(learned.collection.ids_with(label=cell["truth"]))
        expect(page.get_by_text(f"{labelled} pictures", exact=True)).to_be_visible()
        confidence = page.get_by_role("group", name="Model one").get_by_role(
            "button", name="Confidence"
        )
        confidence.click()
        expect(confidence).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("place", ["#/learn", "#/learn?model=one", "#/learn?model=tags",
                                   "#/learn?compare=one&compare=two"])  # fmt: skip
def test_axe(browser: Browser, learned: Site, place: str) -> None:
    for width, scheme in ((1280, "dark"), (390, "light")):
        size = {"width": width, "height": 800}
        with visiting(browser, learned.address, viewport=size, color_scheme=scheme) as visit:
            page = visit.go(place, pictures=False)
            page.get_by_role("table").first.wait_for()
            page.get_by_role("heading", level=1).wait_for()
            page.wait_for_timeout(300)
            assert not violations(page)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_nothing_to_learn_from(browser: Browser, drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for file in sorted((drawn / "pictures" / "circle").glob("*.png"))[:3]:
        shutil.copy(file, folder)
    with Collection.create(tmp_path / "plain.impasto") as collection:
        flow.add(collection, folder)
        flow.embed(collection)
        for image in collection.images(collection.order()):
            assert image.label is None
    with (
        serving(tmp_path / "plain.impasto") as site,
        visiting(browser, site.address) as visit,
    ):
        page = visit.go("#/learn", pictures=False)
        expect(page.get_by_role("heading", name="Nothing to learn from yet")).to_be_visible()
        assert not violations(page)
        page.get_by_role("link", name="Label pictures in Browse").click()
        page.wait_for_url("**/#/browse")
        page.locator(".tile").first.wait_for()
