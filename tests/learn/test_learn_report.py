"""The report: whole in itself, safe with any name, and it says what the numbers say."""

import json
import re
from html.parser import HTMLParser

import numpy as np
from made_up import clusters, kwargs

from impasto.learn import Config, Learned, card, learn, render
from impasto.learn.report import verdict

EVIL = "<script>alert('x')</script> & \"co\""


def learned(classes: int = 8, noise: float = 1.5, *, shuffle: bool = False) -> Learned:
    n = max(150, 4 * classes)
    values, labels = clusters(n, classes, noise=noise)
    labels = [EVIL if label == "class 1" else label for label in labels]
    if shuffle:
        labels = np.random.default_rng(0).permutation(labels).tolist()
    folds = np.arange(n) % 3
    config = Config("logistic")
    return learn(values, labels, folds=folds, config=config, **kwargs(n))


class Page(HTMLParser):
    """Collect tags and attributes, and check that what opens is closed."""

    VOID = frozenset({"meta", "img", "br", "link", "wbr", "hr", "input", "rect", "line", "circle"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(run: Learned) -> tuple[str, Page]:
    about = card(run.model, run.evaluation, title="Made-up things", collection="tests")
    json.dumps(about, allow_nan=False)
    text = render(
        about,
        run.evaluation,
        pictures=lambda image: b"\xff\xd8\xff jpeg" if image % 2 else None,
        names=lambda image: f"{EVIL}{image}.jpg",
    )
    return text, Page(text)


def test_it_needs_no_one_and_runs_nothing() -> None:
    text, parsed = page(learned())
    assert not parsed.open
    names = {tag for tag, _ in parsed.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attributes in parsed.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith(("data:", "#"))
    assert not re.search(r"url\(|@import", text)
    assert "data:image/jpeg;base64," in text
    assert "no picture" in text
    assert "&lt;script&gt;" in text


def test_it_shows_the_numbers() -> None:
    run = learned()
    text, _ = page(run)
    model = run.evaluation.model
    for estimate in (model.top1, model.top5):
        for value in (estimate.value, estimate.low, estimate.high, estimate.chance):
            assert f"{100 * value:.1f}\u00a0%" in text
    for scored in run.evaluation.baselines:
        assert scored.title in text
        assert f"{100 * scored.top1.value:.1f}\u00a0%" in text
    for label in run.model.labels:
        assert label == EVIL or label in text
    assert run.model.space.name in text


def test_two_classes_and_very_many_work() -> None:
    text, parsed = page(learned(2))
    assert not parsed.open
    assert "top-5 says nothing" in text
    text, parsed = page(learned(70))
    assert not parsed.open
    assert "whole confusion matrix" not in text
    assert "Mixed up" in text


def test_the_verdict_follows_the_intervals() -> None:
    assert verdict(learned(shuffle=True).evaluation).startswith("No better than")
    assert verdict(learned(noise=0.3).evaluation).startswith("Right")
