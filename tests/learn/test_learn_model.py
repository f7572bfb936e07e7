"""Models as files: the same answers after a round trip, nothing executable, clear refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import SPACE, clusters, kwargs

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.learn import Config, Model, learn, load_model

VALUES, LABELS = clusters(90, 4)


def model(method: str) -> Model:
    parts = ["train", "train", "test"] * 30
    return learn(VALUES, LABELS, parts=parts, config=Config(method), **kwargs(90)).model


@pytest.mark.parametrize("method", ["linear-svm", "rbf-svm", "logistic"])
def test_a_stored_model_answers_the_same(method: str, tmp_path: Path) -> None:
    first = model(method)
    files = first.files()
    assert not any(b"pickle" in data or data[:1] == b"\x80" for data in files.values())
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    second = load_model(tmp_path)
    assert second.to_json() == first.to_json()
    before, after = first.predict(VALUES, SPACE), second.predict(VALUES, SPACE)
    np.testing.assert_array_equal(before.probabilities, after.probabilities)
    assert load_model(files).files() == files

    assert len(after) == 90
    best = after.top(2)
    assert [label for label, _ in best[0]] == sorted(
        dict(best[0]), key=lambda label: -dict(best[0])[label]
    )
    np.testing.assert_allclose(after.probabilities.sum(axis=1), 1)
    assert np.mean([row[0][0] == label for row, label in zip(best, LABELS, strict=True)]) > 0.9


def test_length_of_a_vector_does_not_matter_and_float16_will_do() -> None:
    first = model("rbf-svm")
    plain = first.predict(VALUES, SPACE).probabilities
    np.testing.assert_allclose(first.predict(3 * VALUES, SPACE).probabilities, plain, atol=1e-4)
    half = first.predict((VALUES / 10).astype(np.float16), SPACE).probabilities
    np.testing.assert_allclose(half, plain, atol=0.01)


def test_vectors_of_another_space_are_refused() -> None:
    first = model("logistic")
    with pytest.raises(SpaceMismatch, match="differ in layer"):
        first.predict(VALUES, replace(SPACE, layer="conv5"))
    with pytest.raises(SpaceMismatch, match="shape"):
        first.predict(VALUES[:, :5], SPACE)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    files = model("logistic").files()
    with pytest.raises(InvalidInput, match="no model in"):
        load_model(tmp_path)
    with pytest.raises(InvalidInput, match="damaged"):
        load_model({**files, "model.safetensors": files["model.safetensors"][:100]})
    with pytest.raises(InvalidInput, match="damaged"):
        load_model({**files, "model.json": b"{}"})
    newer = files["model.json"].replace(b'"format": 2', b'"format": 99')
    with pytest.raises(InvalidInput, match="format 99"):
        load_model({**files, "model.json": newer})
