"""Curves on a terminal, and who a launcher says one is."""

from __future__ import annotations

import pytest

from impasto import flow
from impasto.cli.curves import Live, lines_of, spark
from impasto.core.errors import InvalidInput
from impasto.learn.tune import Curves, Epoch
from impasto.learn.tune.tasks import Score

NAN = float("nan")


def curves(*values: float) -> Curves:
    epochs = tuple(
        Epoch(number, 1.0, NAN if number == 0 else 0.5, Score(value, 1.0, (value, NAN, 0.25)))
        for number, value in enumerate(values)
    )
    return Curves("top-1", ("cats", "dogs", "eels"), epochs, 8)


def test_a_line_of_bars() -> None:
    assert spark([0, 0.5, 1, NAN]) == "▁▅█·"
    many = spark([0.0] * 500 + [1.0] * 499 + [NAN])
    assert many == "▁" * 30 + "█" * 29 + "·"


def test_the_epoch_and_the_labels_that_are_told_worst() -> None:
    first, *labels = lines_of(curves(0.5, 1.0))
    assert first == "epoch 1 of 8  cost 0.500  validation top-1 1.000  ▅█  best so far"
    assert labels == ["  eels  0.25  ▃▃", "  cats  1.00  ▅█"]
    assert lines_of(curves(0.5, 0.25), most=0) == [
        "epoch 1 of 8  cost 0.500  validation top-1 0.250  ▅▃  best 0.500 at 0"
    ]


def test_live_goes_through_the_progress() -> None:
    said: list[str] = []

    class Hearing:
        def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
            """Hear nothing."""

        def advance(self, n: int = 1) -> None:
            """Hear nothing."""

        def note(self, text: str) -> None:
            """Keep what is said."""
            said.append(text)

    Live(Hearing(), labels=True)(curves(0.5))
    assert said[0].startswith("epoch 0 of 8  validation")
    assert len(said) == 3


def test_who_one_is_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert (flow.team_here().rank, flow.team_here().size) == (0, 1)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert not flow.team_here().leads
    monkeypatch.setenv("RANK", "2")
    with pytest.raises(InvalidInput, match="no process 2 of 2"):
        flow.team_here()
    monkeypatch.setenv("RANK", "one")
    with pytest.raises(InvalidInput, match="torchrun sets"):
        flow.team_here()
