from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.export import names


@pytest.mark.parametrize(
    ("given_", "made"),
    [
        ("plain", "plain"),
        ("Grüße", "Grüße"),
        ("Gru\u0308ße", "Grüße"),  # composed, as most systems write it
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("command", "command"),
        ("a<b>c:d", "a_b_c_d"),
        ("tab\there", "tab_here"),
        ("ends. . ", "ends"),
        ("__init__", "_init__"),
        ("..", "_"),
        ("", "_"),
        ("日本語", "日本語"),
    ],
)
def test_a_name_is_taken_everywhere(given_: str, made: str) -> None:
    assert names.safe(given_) == made


@given(st.text(max_size=300))
def test_every_text_becomes_a_name_once_and_for_all(text: str) -> None:
    name = names.safe(text)
    assert name
    assert len(name.encode()) <= names.LONGEST
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert not name.startswith((".", "__"))
    assert not name.endswith((".", " "))
    assert names.safe(name) == name


def test_long_names_stay_apart() -> None:
    first, second = names.safe("x" * 500 + "1"), names.safe("x" * 500 + "2")
    assert first != second


@given(st.lists(st.sampled_from(["Cat", "cat", "CAT", "cat-2", "a/b", "a:b", "dog"])))
def test_labels_get_folders_of_their_own(labels: list[str]) -> None:
    made = names.folders(labels)
    assert set(made) == set(labels)
    assert len({folder.casefold() for folder in made.values()}) == len(made)


@given(st.lists(st.sampled_from(["a", "A", "b", "a-1", "a-2", "b-0", "a-1-3"]), max_size=12))
def test_no_two_files_are_in_each_others_way(stems: list[str]) -> None:
    def numbered(rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[str]:
        return [f"{stems[row]}-{row}" for row in rows.tolist()]

    plain = np.array([names.key(stem) for stem in stems], np.uint64)
    marked = names.clashing(
        plain, lambda rows: np.array([names.key(name) for name in numbered(rows)], np.uint64)
    )
    final = [
        f"{stem}-{row}" if mark else stem
        for row, (stem, mark) in enumerate(zip(stems, marked.tolist(), strict=True))
    ]
    assert len({name.casefold() for name in final}) == len(final)
    if len({stem.casefold() for stem in stems}) == len(stems):
        assert final == stems
