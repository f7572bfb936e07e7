"""Sorting and filtering by what models said, against plain Python; what is wrong is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, NotFound, WrongCollection
from impasto.core.records import About
from impasto.store import SCORES_FILE, Collection, Filter, Range, Sort, scores_to_bytes

if TYPE_CHECKING:
    from tests.store.conftest import Shelf

NAMES = ("zebra", "ape", "cat's")


def answers(ids: NDArray[np.int64], seed: int = 0) -> Answered:
    rng = np.random.default_rng(seed)
    n = len(ids)
    return Answered(
        names=NAMES,
        ids=rng.permutation(ids),
        # rounded, so that there are ties
        scores=rng.dirichlet(np.ones(3), n).round(1).astype(np.float32),
        truth=rng.integers(0, 3, n).astype(np.int32),
        fold=np.zeros(n, np.int16),
        groups=np.arange(n),
    )


def keep(collection: Collection, name: str, tested: Answered) -> None:
    card = {"labels": list(tested.names)}
    collection.save_model(name, {SCORES_FILE: scores_to_bytes(tested)}, card)


@pytest.fixture
def tested(shelf: Shelf) -> Answered:
    """Answers to most of 60 images."""
    ids = shelf.imagine(60, {k: About("odd" if k % 2 else "even") for k in range(60)})
    found = answers(ids[5:])
    keep(shelf.collection, "m.1", found)
    return found


def test_what_is_kept_comes_back(shelf: Shelf, tested: Answered) -> None:
    again = shelf.collection.tested("m.1")
    assert again.names == tested.names
    for array in ("ids", "scores", "truth", "fold", "groups"):
        np.testing.assert_array_equal(getattr(again, array), getattr(tested, array))
    tags = Answered(
        ("a",),
        tested.ids,
        tested.scores[:, :1],
        tested.truth[:, None] > 0,
        tested.fold,
        tested.groups,
        given=tested.scores[:, :1] > 0.5,
    )
    keep(shelf.collection, "tags", tags)
    assert shelf.collection.tested("tags").kind == "tags"
    assert shelf.collection.tested("tags").nearest is None


@pytest.mark.parametrize("what", ["score", "confidence", "margin", "error", "predicted"])
@pytest.mark.parametrize("descending", [False, True])
def test_order(shelf: Shelf, tested: Answered, what: str, descending: bool) -> None:
    collection, sort = shelf.collection, Sort(f"model:m.1:{what}", descending)
    numbers = dict(zip(tested.ids.tolist(), tested.values(what).tolist(), strict=True))
    if what == "predicted":
        numbers = {i: NAMES[int(code)] for i, code in numbers.items()}
    for wanted in (Filter(), Filter(label="odd"), Filter(label="even", text="p00")):
        every = collection.order(wanted).tolist()
        there = sorted(
            (i for i in every if i in numbers), key=lambda i: (numbers[i], i), reverse=descending
        )
        others = sorted((i for i in every if i not in numbers), reverse=descending)
        assert collection.order(wanted, sort).tolist() == [*there, *others]
        paged: list[int] = []
        after = None
        while True:
            page = collection.page(wanted, sort, after=after, limit=7)
            paged += [image.id for image in page.images]
            after = page.next
            if after is None:
                break
        assert paged == [*there, *others]


def test_filter(shelf: Shelf, tested: Answered) -> None:
    collection = shelf.collection
    said = tested.values("score")
    wanted = Filter(ranges=(Range("model:m.1:score", 0.2, 0.5),))
    inside = (said > 0.19) & (said < 0.51)
    assert collection.order(wanted).tolist() == sorted(tested.ids[inside].tolist())
    assert collection.count(wanted) == inside.sum() == collection.facets(wanted).total
    wrong = tested.values("error") == 1
    answered = np.array([NAMES[code] == "cat's" for code in tested.answers])
    wanted = Filter(answers=(("m.1", "cat's"),), ranges=(Range("model:m.1:error", 1),))
    assert collection.order(wanted).tolist() == sorted(tested.ids[wrong & answered].tolist())


def test_facet(shelf: Shelf, tested: Answered) -> None:
    facet = shelf.collection.facet("model:m.1:confidence", Filter(label="odd"), bins=10)
    odd = np.isin(tested.ids, shelf.collection.order(Filter(label="odd")))
    assert facet.images == odd.sum() == sum(one.count for one in facet.bins)
    for one in facet.bins:
        if one.count:
            limits = (Range("model:m.1:confidence", one.low, one.high),)
            assert shelf.collection.count(Filter(label="odd", ranges=limits)) == one.count


def test_a_model_learned_again_is_asked_again(shelf: Shelf, tested: Answered) -> None:
    collection, sort = shelf.collection, Sort("model:m.1:score")
    before = collection.order(sort=sort).tolist()
    assert before == collection.order(sort=sort).tolist()
    other = answers(tested.ids, seed=9)
    keep(collection, "m.1", other)
    order = np.lexsort((other.ids, other.values("score")))
    assert collection.order(sort=sort)[: len(order)].tolist() == other.ids[order].tolist()


def test_what_is_wrong_is_told(shelf: Shelf, tested: Answered) -> None:
    collection = shelf.collection
    with pytest.raises(NotFound, match=r"No model 'n'"):
        collection.order(sort=Sort("model:n:score"))
    with pytest.raises(InvalidInput, match="asked for predicted, score"):
        collection.page(sort=Sort("model:m.1:colour"))
    with pytest.raises(InvalidInput, match="does not tell 'dog'"):
        collection.count(Filter(answers=(("m.1", "dog"),)))
    with pytest.raises(InvalidInput, match="model:NAME:WHAT"):
        Sort("model:")
    collection.save_model("bare", {}, {})
    with pytest.raises(NotFound, match="'bare' holds no answers to its test images"):
        collection.facet("model:bare:score")
    collection.save_model("torn", {SCORES_FILE: b"torn"}, {})
    with pytest.raises(WrongCollection, match=r"scores\.safetensors is damaged"):
        collection.facets(Filter(ranges=(Range("model:torn:score", 0, 1),)))


def test_it_stays_quick(shelf: Shelf) -> None:
    n = 30_000
    ids = shelf.imagine(n)
    keep(shelf.collection, "m", answers(ids))
    sort = Sort("model:m:score", descending=True)
    wrong = Filter(ranges=(Range("model:m:error", 1),))
    shelf.collection.page(wrong, sort)
    start = time.perf_counter()
    for _ in range(3):
        shelf.collection.page(wrong, sort)
        shelf.collection.count(wrong)
    assert (time.perf_counter() - start) / 3 < 0.5  # about 0.04 on a quiet machine
