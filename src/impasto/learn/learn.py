"""Learn labels from vectors, and say honestly how well that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress, Quiet
from impasto.core.space import Space
from impasto.learn.config import Config
from impasto.learn.evaluate import Trial, evaluate
from impasto.learn.halves import Halves
from impasto.learn.methods import METHODS, grid
from impasto.learn.model import Model
from impasto.learn.plan import caveats, divide, labelled
from impasto.learn.records import Evaluation, How
from impasto.learn.search import Bench, Search


@dataclass(frozen=True, slots=True)
class Learned:
    """A model and the account of how well it does."""

    model: Model
    evaluation: Evaluation


def learn(
    values: NDArray[np.floating[Any]],
    labels: Sequence[str] | Halves,
    *,
    space: Space | Sequence[Space],
    ids: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
    parts: Sequence[str] | None = None,
    folds: NDArray[np.int64] | None = None,
    mirrored: NDArray[np.floating[Any]] | None = None,
    target: str = "label",
    config: Config | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Learn labels from vectors and test on images that were not learned from.

    Either `parts` or `folds` says how to test. With parts, the model is learned from the train
    and validation parts, and is the very one that the test part judges. With folds, each image
    is tested by a model learned from the other folds; the model returned is learned from all.
    Hyper-parameters and temperature are chosen inside the images learned from, never on tested
    ones: on the validation part where there is one, else by cross-validation.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float16 or float32
        Vectors, as the network gave them; those of several spaces side by side.
    labels : sequence of str, n_images long, or Halves
        Halves are cut anew for each test, at the median of what is learned from.
    space : Space or sequence of Space
    ids : ndarray of shape (n_images,), int64
    groups : ndarray of shape (n_images,), int64, optional
        Near-duplicates share a number. An image with a near-duplicate in the test is not
        learned from. Without, all images count as distinct.
    parts : sequence of str, optional
        "train", "validation" or "test" for each image.
    folds : ndarray of shape (n_images,), int64, optional
        Fold of each image.
    mirrored : ndarray of shape (n_images, n_features), optional
        Vectors of the mirror images, to learn from as well; only images as they are get tested.
    target : str
        What the labels are, for the record.
    config : Config, optional
    progress : Progress, optional

    Returns
    -------
    Learned

    Raises
    ------
    InvalidInput
        If there is nothing to learn from or to test with; the message says what is missing.
    """
    config, progress = config or Config(), progress or Quiet()
    method = METHODS[config.method]
    groups = np.arange(len(labels)) if groups is None else groups
    settings = grid(config.method, config.c, config.gamma)
    spaces = (space,) if isinstance(space, Space) else tuple(space)
    images = labelled(values, labels, ids, groups, spaces)
    plan = divide(images, parts, folds)
    notes = caveats(images, plan)
    bench = Bench(values, mirrored, spaces, method, config)
    search = Search(settings, config, progress)

    told = [images.told(train) for train, _ in plan.trials]
    inner = [
        search.inner(own, train, plan.validation)
        for own, (train, _) in zip(told, plan.trials, strict=True)
    ]
    if plan.whole is not None:
        images = images.told(plan.whole)
        inner.append(search.inner(images, plan.whole, None))
    progress.stage("Learning", sum(len(folds) for folds in inner) * search.steps, "fits")
    trials, tuned = [], []
    for own, (train, test), pairs in zip(told, plan.trials, inner, strict=False):
        fitting = bench.fitting(own, train)
        chosen = search.choose(own, fitting, pairs)
        scores = fitting.scores(train, test, [chosen.setting])[0]
        tuned.append(chosen)
        done = (scores, chosen.temperature, chosen.setting.to_json())
        trials.append(Trial(train, test, *done, codes=own.codes))
    if plan.whole is None:
        images, whole, best = told[0], plan.trials[0][0], tuned[0]
    else:
        whole = plan.whole
        fitting = bench.fitting(images, whole)
        best = search.choose(images, fitting, inner[-1])
    scaling, head = fitting.trainer.fit(fitting.rows(whole), best.setting)
    counts = np.bincount(images.codes[whole], minlength=len(images.labels)).tolist()
    model = Model(
        spaces=spaces,
        target=target,
        method=config.method,
        labels=images.labels,
        setting=best.setting,
        reading=fitting.reading,
        scaling=scaling,
        head=head,
        temperature=best.temperature,
        trained=dict(zip(images.labels, counts, strict=True)),
        seed=config.seed,
        cut=images.cut,
    )
    how: How = "split" if plan.whole is None else "folds"
    account = evaluate(
        images, trials, how=how, failures=config.failures, notes=notes, tried=best.tried
    )
    return Learned(model, account)
