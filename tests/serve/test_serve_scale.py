"""What must not grow with the collection or with clicks: passes, bytes looked at, memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from impasto.explore import kernel
from impasto.serve import answers as room_of_answers
from impasto.serve.answers import Answers
from impasto.store import spaces

if TYPE_CHECKING:
    from tests.serve.conftest import Room


class Watch:
    """Counts passes over the vectors, readings of the ids, and hashed bytes."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.passes = self.readings = self.hashed = 0
        scan, read, digest = kernel.scan, spaces.vectors, room_of_answers._digest

        def counted_scan(*given: Any, **named: Any) -> Any:
            self.passes += 1
            return scan(*given, **named)

        def counted_read(*given: Any) -> Any:
            self.readings += 1
            return read(*given)

        def counted_digest(ids: Any) -> str:
            self.hashed += ids.nbytes
            return digest(ids)

        patch.setattr(kernel, "scan", counted_scan)
        patch.setattr(spaces, "vectors", counted_read)
        patch.setattr(room_of_answers, "_digest", counted_digest)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with pytest.MonkeyPatch.context() as patch:
        yield Watch(patch)


def get(room: Room, path: str, **params: Any) -> Any:
    answer = room.client.get(f"/api/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def test_all_views_of_a_query_share_one_pass(room: Room, watch: Watch) -> None:
    term = f"image:{room.usable[7]}"
    get(room, "neighbours", term=term, k=5)
    get(room, "neighbours", term=term, k=5, offset=5)
    get(room, "distribution", term=term)
    get(room, "distribution", term=term, bins=50)
    get(room, "distribution/images", term=term, low=0.2, high=0.9)
    assert watch.passes == 1


def test_an_unchanged_collection_is_not_read_again(room: Room, watch: Watch) -> None:
    room.studio.answers.vectors(None)
    before = watch.readings
    for id_ in room.usable[:6]:
        get(room, "neighbours", term=f"image:{id_}")
    assert watch.readings == before
    assert watch.hashed == 0  # no request looks at all ids to see whether they changed


def test_what_a_label_means_is_looked_up_once_until_something_changes(
    room: Room, watch: Watch
) -> None:
    images = room.collection.ids_with(label="red")
    first = get(room, "neighbours", term="label:red").json()
    hashed = watch.hashed
    assert hashed == images.nbytes
    get(room, "distribution", term="label:red")
    assert watch.hashed == hashed
    room.collection.set_label([int(images[0])], "blue")
    second = get(room, "neighbours", term="label:red").json()
    assert first["neighbours"] != second["neighbours"]
    room.collection.set_label([int(images[0])], "red")
    assert get(room, "neighbours", term="label:red").json() == first


def test_memory_does_not_grow_with_clicks(room: Room) -> None:
    most = 34 * 4 * 5
    answers = Answers(room.collection, room.studio.uploads, most_bytes=most)
    for turn in range(100):
        id_ = room.usable[turn % len(room.usable)]
        answers.ask(room.space.name if turn % 3 else room.other.name, [f"image:{id_}"])
        assert answers._answers.weight <= most


def test_answers_of_vectors_that_changed_are_let_go(room: Room) -> None:
    answers = Answers(room.collection, room.studio.uploads)
    kept = answers.ask(room.space.name, [f"image:{room.usable[0]}"])
    answers.ask(room.other.name, [f"image:{room.usable[0]}"])
    assert len(answers) == 2
    other = room.collection._read.pop(room.space.name)[1]  # as if it were read anew
    assert answers.vectors(room.space.name)[0] is not other
    assert len(answers) == 1
    again = answers.ask(room.space.name, [f"image:{room.usable[0]}"])
    assert again is not kept
    assert np.array_equal(again.similarities, kept.similarities, equal_nan=True)
