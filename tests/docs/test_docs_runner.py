"""The comparison that holds the documents must itself be able to fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Reader, Runner


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\n…\nd", "a\nb\nc\nd"),
        ("a\n…", "a\nb"),
        ("x … y", "x 1 2 3 y"),
        ("score 0.76", "score  0.78"),
        ("0.25 to 0.30  ███ 10", "0.25 to 0.30  ██ 9"),
        ("240 images read in 3.0 s (80 images/s).", "240 images read in 9.1 s (26 images/s)."),
    ],
)
def test_what_counts_as_the_same(shown: str, printed: str, reader: Reader) -> None:
    assert reader.difference(shown, printed) is None


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\nb", "a"),
        ("a", "a\nb"),
        ("a\n…\nd", "a\nb\nc"),
        ("x … y", "x 1 2 3 z"),
        ("score 0.76", "score 0.70"),
        ("240 images", "239 images"),
        ("240 images read in 3.0 s", "239 images read in 3.0 s"),
        ("0.25 to 0.30  ███ 10", "0.25 to 0.30  ██ 5"),
        ("birds 0.5", "bugs 0.5"),
    ],
)
def test_what_does_not(shown: str, printed: str, reader: Reader) -> None:
    assert reader.difference(shown, printed)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```\n```text\n2\n```\n",
        "```python\n1 / 0\n```\n",
        "```sh\nimpasto status nothing-here\n```\n",
        "```sh\nimpasto open folder --no-such-option\n```\n",
    ],
)
def test_a_wrong_document_fails(text: str, runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "wrong.md").write_text(text, encoding="utf-8")
    with pytest.raises(BaseException) as caught:
        runner.run(tmp_path / "wrong.md")
    assert "wrong.md:1" in caught.value.__notes__[0] or "wrong.md:4" in caught.value.__notes__[0]
