"""Losses and samplers on real, noisy, skewed tags: Debian's openclipart, as people tagged it.

The 40 most frequent meaningful tags in the `dc:subject` of the drawings (part b of the clip-art
benchmark; `clipart.py` has the folders). First frozen EfficientNet-Lite0 vectors with a balanced
logistic regression per tag, five folds, near-duplicates on both sides and grouped. Then every
loss with every sampler at equal steps: the same head, batch 24, the same number of steps, curves
and thresholds chosen on validation data for all, five divisions (64/16/20, near-duplicates on one
side), compared in pairs on the same resampled images.

    apt-get download openclipart-png openclipart-svg
    for each in openclipart-*.deb; do dpkg -x $each clipart; done
    python benchmarks/clipart_tags.py clipart/usr/share/openclipart
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

import impasto
from impasto.core.partition import partition_tags
from impasto.curate import find_duplicates
from impasto.learn import Costs, Sampling, Steps, choose_thresholds
from impasto.learn.heads import Scaling, unit_rows
from impasto.learn.tag_evaluate import Tagged, TagTrial, neighbour_votes
from impasto.learn.tag_heads import TagHead, TagProblem, fit_by_steps, fit_curves
from impasto.learn.tag_learn import GRID
from impasto.learn.tag_scores import (
    TOP,
    Told,
    average_precision,
    mean_average_precisions,
    resamples,
    score_overall,
)

MEANINGLESS = {
    "folders and themes of the package, which say where a file lies, not what it shows": [
        "action",
        "actions",
        "activities",
        "appicon",
        "application",
        "applications",
        "apps",
        "buttons",
        "computer",
        "device",
        "devices",
        "emblems",
        "filesystem",
        "filesystems",
        "gradients",
        "hardware",
        "icon",
        "icons",
        "lemon_theme_icon",
        "menu",
        "mime-types",
        "mimetypes",
        "networksym",
        "signs_and_symbols",
        "special",
        "stock",
        "theme",
        "unsorted",
        "webpage",
    ],
    "a series that one program drew: 1,375 stars, near-duplicates of each other": [
        "geometry",
        "magick",
        "shapes",
        "stars",
    ],
    "what a program wrote instead of a tag, a reference of Perl": ["hash"],
    "the four decks of cards, which differ in their frames only": [
        "bordered",
        "ornamental",
        "simple",
        "white",
    ],
    "a person who drew": ["architetto francesco rollandin"],
    "the place where it was shown": ["openclipart", "open_clip_art_library"],
}
"""Tags that are left out, and why."""

TAGS = 40
LOSSES: dict[str, Costs] = {
    "plain": Costs("plain"),
    "weights, as printed": Costs("weighted", reading="printed"),
    "weights, one k": Costs("weighted"),
    "weights, k per tag": Costs("weighted", smoothing="per-tag"),
    "pos-weight": Costs("pos-weight"),
    "focal": Costs("focal"),
    "asymmetric": Costs("asymmetric"),
}
SAMPLERS: dict[str, Sampling] = {
    "random": Sampling("random"),
    "entropy, 5": Sampling("entropy", candidates=5),
    "entropy, 5, never put back": Sampling("entropy", candidates=5, replacement="never"),
    "class-aware": Sampling("class-aware"),
    "repeat-factor": Sampling("repeat-factor"),
}
COLUMNS = ("macro ", "micro ", "top-5 ", "macro at 0.5")
MEASURES = ("mean_average_precision", "macro_f1", "micro_f1", "top_f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="openclipart of the unpacked packages")
    parser.add_argument("--collection", type=Path, help="where to keep it; default: nowhere")
    parser.add_argument("--fit", default="squash", choices=["squash", "crop"])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.collection or Path(folder) / "clipart"
        with impasto.open(path, create=True) as collection:
            bench = Bench(collection, options)
    results: dict[str, Any] = bench.about() | {"frozen": bench.frozen()}
    results |= bench.compare(options.steps, options.seeds)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def tags_of(drawing: Path) -> set[str]:
    """Read the tags of an SVG."""
    dc, rdf = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    return {
        item.text.strip().lower()
        for subject in ET.parse(drawing).iter(f"{dc}subject")
        for item in subject.iter(f"{rdf}li")
        if item.text and item.text.strip()
    }


def meaningless() -> set[str]:
    """Return the tags that are left out."""
    return {word for words in MEANINGLESS.values() for word in words}


class Bench:
    """Vectors with their tags; images with none of the 40 are left out."""

    def __init__(self, collection: impasto.Collection, options: argparse.Namespace) -> None:
        root = options.folder.resolve()
        collection.add(root / "png", labels="parent", read=False)
        vectors = collection.embed("efficientnet-lite0", fit=options.fit).spaces[0]
        stored = collection.stored.vectors(vectors.name)
        named = []
        for image in collection.stored.images(stored.ids.tolist()):
            drawing = root / "svg" / Path(image.path).with_suffix(".svg")
            named.append(tags_of(drawing) if drawing.is_file() else set())
        counts = Counter(tag for tags in named for tag in tags - meaningless())
        self.names = [
            tag for tag, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        ]
        self.names = self.names[:TAGS]
        truth = np.array([[name in tags for name in self.names] for tags in named])
        kept = truth.any(axis=1)
        self.space, self.ids, self.truth = stored.space, stored.ids[kept], truth[kept]
        self.values = np.asarray(stored.values)[kept]
        hashes = collection.stored.hashes(self.ids)
        self.groups = find_duplicates(self.values, hashes=hashes).groups

    def about(self) -> dict[str, Any]:
        """Say what was read."""
        share = self.truth.mean(axis=0)
        print(
            f"{len(self.truth):,} images, {len(np.unique(self.groups)):,} without near-duplicates; "
            f"{len(self.names)} tags, mean share {share.mean():.3f}, "
            f"{self.truth.sum(axis=1).mean():.2f} tags an image"
        )
        print(
            ", ".join(f"{n} {c}" for n, c in zip(self.names, self.truth.sum(axis=0), strict=True))
        )
        return {
            "images": len(self.truth),
            "distinct": len(np.unique(self.groups)),
            "tags": dict(zip(self.names, self.truth.sum(axis=0).tolist(), strict=True)),
            "share": float(share.mean()),
        }

    def frozen(self) -> list[dict[str, Any]]:
        """Balanced logistic regression per tag, five folds: on both sides, and grouped."""
        from sklearn.linear_model import LogisticRegression

        unit = self.values.astype(np.float32)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        found = []
        for grouped in (False, True):
            groups = self.groups if grouped else np.arange(len(unit))
            fold = partition_tags(self.truth, groups, [1.0] * 5, seed=0)
            scores = np.zeros(self.truth.shape)
            start = time.perf_counter()
            for f in range(5):
                train, test = fold != f, fold == f
                centre = unit[train].mean(axis=0)
                spread = float(np.sqrt(((unit[train] - centre) ** 2).mean()))
                rows, asked = (unit[train] - centre) / spread, (unit[test] - centre) / spread
                for j in range(len(self.names)):
                    head = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
                    head.fit(rows, self.truth[train, j])
                    scores[test, j] = head.decision_function(asked)
            told = Told(self.truth, scores, np.zeros_like(self.truth), self.groups)
            drawn = mean_average_precisions(told, resamples(self.groups, times=200))
            value = float(
                np.mean([average_precision(scores[:, j], self.truth[:, j])[0] for j in range(TAGS)])
            )
            low, high = np.quantile(drawn, [0.025, 0.975])
            chance = float(self.truth.mean())
            print(
                f"frozen + balanced logistic, near-duplicates "
                f"{'grouped' if grouped else 'on both sides'}: mAP {value:.3f} "
                f"({low:.3f}–{high:.3f}), chance {chance:.3f}, lift {value / chance:.1f}, "
                f"{time.perf_counter() - start:.0f} s",
                flush=True,
            )
            found.append({"grouped": grouped, "mAP": value, "low": low, "high": high})
        return found

    def compare(self, steps: int, seeds: int) -> dict[str, Any]:
        """Learn with each loss and sampler on each division; print the table at the end."""
        told: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for seed in range(seeds):
            trial = Trial(self, seed)
            for (loss, sampler), how in ways(steps, seed).items():
                start = time.perf_counter()
                head = fit_by_steps(trial.rows[trial.train], self.truth[trial.train], how)
                run = trial.judge(head)
                told.setdefault((loss, sampler), []).append(run)
                print(
                    f"seed {seed} {loss:<20} {sampler:<28} mAP {run['mean_average_precision']:.3f} "
                    f"{time.perf_counter() - start:.1f} s",
                    flush=True,
                )
            to_the_end = TagProblem(trial.rows[trial.train], self.truth[trial.train])
            heads = [to_the_end.solve(c) for c in GRID]
            best = max(heads, key=trial.ranked)
            told.setdefault(("logistic, to the end", "all at once"), []).append(trial.judge(best))
            for name, run in trial.baselines().items():
                told.setdefault((name, ""), []).append(run)
        return summarise(told)


def ways(steps: int, seed: int) -> dict[tuple[str, str], Steps]:
    """Return every loss with every sampler, equal in all else."""
    return {
        (loss, sampler): Steps(
            sampling=replace(SAMPLERS[sampler], seed=seed), costs=LOSSES[loss], steps=steps
        )
        for loss, sampler in product(LOSSES, SAMPLERS)
    }


class Trial:
    """One division: 64 % to learn from, 16 % to choose curves and thresholds, 20 % to test."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        part = partition_tags(bench.truth, bench.groups, (0.64, 0.16, 0.2), seed=seed)
        self.train, self.held, self.test = (np.flatnonzero(part == p) for p in range(3))
        unit = unit_rows(bench.values)
        self.rows = Scaling.of(unit[self.train]).apply(unit)
        self.images = Tagged(unit, bench.truth, tuple(bench.names), bench.ids, bench.groups)
        self.weights = resamples(bench.groups[self.test], times=200, seed=seed)

    def ranked(self, head: TagHead) -> float:
        """Return the mean average precision on the validation part."""
        scores, truth = head.logits(self.rows[self.held]), self.bench.truth[self.held]
        each = [average_precision(s, t)[0] for s, t in zip(scores.T, truth.T, strict=True)]
        return float(np.nanmean(each))

    def judge(self, head: TagHead) -> dict[str, Any]:
        """Choose curves, thresholds and the five tags on validation; measure on the test."""
        truth = self.bench.truth[self.held]
        logits = head.logits(self.rows[self.held])
        curves = fit_curves(logits, truth)
        sure = curves.probabilities(logits)
        thresholds = choose_thresholds(sure, truth)
        given = sure >= thresholds
        f1 = 2 * (given & truth).sum(axis=0) / np.maximum(given.sum(axis=0) + truth.sum(axis=0), 1)
        raw = head.logits(self.rows[self.test])
        sure = curves.probabilities(raw)
        # What the seed does: no curve, no threshold chosen, 0.5 for all.
        return self.measure(sure, sure >= thresholds, np.argsort(-f1)[:TOP], raw >= 0)

    def measure(
        self,
        scores: NDArray[np.float64],
        given: NDArray[np.bool_],
        top: NDArray[np.int64],
        half: NDArray[np.bool_],
    ) -> dict[str, Any]:
        """Return the measures of answers to the test part, and mAP on its resamples."""
        truth, groups = self.bench.truth[self.test], self.bench.groups[self.test]
        told = Told(truth, scores, given, groups)
        overall = score_overall(told, self.weights[:1], top.tolist())
        fixed = score_overall(Told(truth, scores, half, groups), self.weights[:1], top.tolist())
        return {
            **{name: getattr(overall, name).value for name in MEASURES},
            "fixed_f1": fixed.macro_f1.value,
            "chance": overall.mean_average_precision.chance,
            "drawn": mean_average_precisions(told, self.weights),
        }

    def baselines(self) -> dict[str, dict[str, Any]]:
        """Measure what needs no learning: the nearest images, and every tag for every image."""
        shape = (len(self.test), len(self.bench.names))
        trial = TagTrial(self.train, self.test, np.zeros(shape), np.zeros(shape[1]))
        votes, named = neighbour_votes(self.images, trial)
        share = self.bench.truth[self.held].mean(axis=0)
        commonest = np.argsort(-share)[:TOP]  # the best five of a blind answer
        every = np.ones(shape, bool)
        return {
            "votes of 10 nearest": self.measure(votes, named, commonest, votes >= 0.5),
            "every tag for every image": self.measure(np.zeros(shape), every, commonest, every),
        }


def summarise(told: dict[tuple[str, str], list[dict[str, Any]]]) -> dict[str, Any]:
    """Print the table, each row beside plain + random in pairs; return it as plain data."""
    base = told["plain", "random"]
    chance = np.random.default_rng(0)
    rows = []
    print(f"\n{'loss':<26} {'sampler':<28} mAP    lift  to plain + random{'':<10}", *COLUMNS)
    for (loss, sampler), runs in told.items():
        columns = (*MEASURES, "fixed_f1", "chance")
        mean = {name: float(np.mean([run[name] for run in runs])) for name in columns}
        lift = mean["mean_average_precision"] / mean["chance"]
        pairs = list(zip(runs, base, strict=True))
        gaps = [a["mean_average_precision"] - b["mean_average_precision"] for a, b in pairs]
        low, high = paired(np.stack([a["drawn"] - b["drawn"] for a, b in pairs]), chance)
        gap = float(np.mean(gaps))
        print(
            f"{loss:<26} {sampler:<28} {mean['mean_average_precision']:.3f}  {lift:4.1f}  "
            f"{gap:+.3f} ({low:+.3f} to {high:+.3f})  {mean['macro_f1']:.3f}  "
            f"{mean['micro_f1']:.3f}  {mean['top_f1']:.3f}  {mean['fixed_f1']:.3f}"
        )
        each = [run["mean_average_precision"] for run in runs]
        rows.append(
            {"loss": loss, "sampler": sampler, **mean, "lift": lift, "each": each}
            | {"gap": gap, "gap_low": low, "gap_high": high}
        )
    return {"rows": rows}


def paired(drawn: NDArray[np.float64], chance: np.random.Generator) -> tuple[float, float]:
    """Return a 95 % interval of the mean gap, divisions and images drawn anew.

    Parameters
    ----------
    drawn : ndarray of shape (n_seeds, n_resamples)
    """
    n, times = drawn.shape
    means = [
        drawn[chance.integers(0, n, n), chance.integers(0, times, n)].mean() for _ in range(4000)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
