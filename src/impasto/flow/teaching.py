"""What is asked of learning and what it gives back, whatever is learned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.core.space import Space
    from impasto.learn import Evaluation, NumberEvaluation, TagEvaluation
    from impasto.store import Collection, ModelRecord

REPORT, REPORT_DATA = "report.html", "report.json"
IMAGES = "images.safetensors"
"""The file of a model that says which images it learned from."""

Against = Literal["one", "rest"]
RowsOf = Literal["unit", "raw"]
ReadAs = Literal["number", "median"]

TARGETS = {"label": "linear-svm", "tags": "logistic"}
"""What can be learned, and the method that is taken when none is named."""

OF_PROPERTIES = {"number": "kernel-ridge", "median": "linear-svm"}
"""The method for a property, by how it is read."""

LEAST = {"label": 2, "tags": 20}
"""The fewest images of a label or tag, when no number is given."""

Aim = Literal["f1", "precision", "recall", "fixed"]


@dataclass(frozen=True, slots=True)
class TagOptions:
    """What only the learning of tags needs.

    Parameters
    ----------
    keep_bare : bool
        Learn and judge also on tagged images that have none of the chosen tags. (Images without
        any tag never take part: nobody said what they show.)
    aim : {"f1", "precision", "recall", "fixed"}
        What each tag's threshold is chosen for.
    level : float
        The precision or recall that is wanted, or the fixed threshold.
    calibrate : bool
        Put a curve per tag between the head and the probabilities.
    loss : str
        Of "steps": what a wrong answer costs, a name in `impasto.learn.LOSSES`.
    sampler : str
        Of "steps": how batches are drawn, a name in `impasto.learn.SAMPLERS`.
    candidates : int
        Images that the sampler "entropy" chooses each next one from.
    replacement : {"within-batch", "never", "always"}
        What the sampler "entropy" may draw again.
    steps : int
        Batches that "steps" learns from.
    batch : int
        Images of a batch.
    rate : float
        Size of the steps.
    optimiser : {"adam", "adagrad"}
        What takes the steps.
    decay : float
        Pull of the weights towards 0.
    prior : bool
        Biases begin at the tags' frequencies, else at 0.
    repeat_below : float
        Frequency of a tag below which the sampler "repeat-factor" repeats its images.
    reading : {"inverse", "printed"}
        Of the loss "weighted": work 1's weights as its text means them, or as printed.
    smoothing : {"global", "per-tag"} or float
        Of the loss "weighted": the k of work 1.
    balance : bool
        Of the loss "weighted": scale the weights of each tag to a mean of 1.
    cap, power : float
        Of the loss "pos-weight".
    focus : float
        Of the loss "focal".
    focus_present, focus_absent, margin : float
        Of the loss "asymmetric".
    """

    keep_bare: bool = True
    aim: Aim = "f1"
    level: float = 0.5
    calibrate: bool = True
    loss: str = "plain"
    sampler: str = "random"
    candidates: int = 5
    replacement: Literal["within-batch", "never", "always"] = "within-batch"
    steps: int = 2000
    batch: int = 24
    rate: float = 0.003
    optimiser: Literal["adam", "adagrad"] = "adam"
    decay: float = 0.0
    prior: bool = True
    repeat_below: float = 0.1
    reading: Literal["inverse", "printed"] = "inverse"
    smoothing: Literal["global", "per-tag"] | float = "global"
    balance: bool = True
    cap: float = 10.0
    power: float = 0.5
    focus: float = 2.0
    focus_present: float = 0.0
    focus_absent: float = 4.0
    margin: float = 0.05

    def __post_init__(self) -> None:
        """Check what would otherwise be found out only after the vectors are read."""
        if self.aim not in get_args(Aim):
            raise InvalidInput(f"aim can be {', '.join(get_args(Aim))}, not {self.aim!r}.")


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """What only heads on vectors need.

    Parameters
    ----------
    against : {"one", "rest"}
        Support vector machines for each pair of classes, or for each class against all others.
    rows : {"unit", "raw"}
        Vectors brought to length 1 and centred, or taken as the network gave them.
    c : tuple of float
        Values of C to try; empty: those of the method.
    gamma : tuple of float
        Values of the kernel's gamma to try; empty: those of the method.
    inner_folds : int
        Folds of the images learned from in which these are chosen.
    flips : bool
        Learn from the mirror images too; the space was embedded with ``flip="both"``.
    """

    against: Against = "one"
    rows: RowsOf = "unit"
    c: tuple[float, ...] = ()
    gamma: tuple[float, ...] = ()
    inner_folds: int = 3
    flips: bool = False

    def __post_init__(self) -> None:
        """Check what would otherwise be found out only after the vectors are read."""
        for word, value, known in (
            ("against", self.against, get_args(Against)),
            ("rows", self.rows, get_args(RowsOf)),
        ):
            if value not in known:
                raise InvalidInput(f"{word} can be {' or '.join(known)}, not {value!r}.")
        object.__setattr__(self, "c", tuple(self.c))
        object.__setattr__(self, "gamma", tuple(self.gamma))


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """What to learn, from which vectors, and how to judge it.

    Parameters
    ----------
    target : str
        "label", the one class of an image, "tags", or the name of a property that holds numbers.
    method : str or None
        For labels a name in `impasto.learn.METHODS`: "linear-svm", "rbf-svm", "logistic"; for
        tags "logistic" or "steps". None: "linear-svm" and "logistic".
    space : str, tuple of str or None
        Name of a space, or the beginning of it; several stand side by side; None: the newest.
    folds : int or None
        Test every image once, in so many folds; None: keep a test part aside.
    test : float
        Share of the test part, when the collection has no splits of its own.
    seed : int
        Of the division, and of everything random inside the learning.
    name : str or None
        Of the model; None: target and method.
    only : tuple of str
        Patterns (``animals/*``) of the labels or tags to learn; empty: all.
    min_images : int or None
        Labels or tags with fewer images are left out, and the report says so; None: 2 for
        labels, 20 for tags.
    group_duplicates : bool
        Near-duplicates stay on one side. Turn it off only to see how much they flatter.
    tagging : TagOptions
        What only tags need: thresholds, loss, sampler.
    heads : HeadOptions
        What only labels and properties need.
    read_as : {"number", "median"}
        A property is told as a number, or high from low: cut at the median of what is learned
        from.
    recipe : str or None
        The recipe that these options come from; `impasto.flow.from_recipe` makes them.
    """

    target: str = "label"
    method: str | None = None
    space: str | tuple[str, ...] | None = None
    folds: int | None = None
    test: float = 0.2
    seed: int = 0
    name: str | None = None
    only: tuple[str, ...] = ()
    min_images: int | None = None
    group_duplicates: bool = True
    tagging: TagOptions = field(default_factory=TagOptions)
    heads: HeadOptions = field(default_factory=HeadOptions)
    read_as: ReadAs = "number"
    recipe: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the collection."""
        from impasto.store import check_model_name

        if not self.target:
            raise InvalidInput("The target is label, tags, or the name of a property.")
        if self.read_as not in get_args(ReadAs):
            raise InvalidInput(
                f"A property is read as {' or '.join(get_args(ReadAs))}, not {self.read_as!r}."
            )
        if not 0 < self.test < 1:
            raise InvalidInput(f"The share of the test lies between 0 and 1, not {self.test}.")
        if self.folds is not None and self.folds < 2:
            raise InvalidInput(f"Cross-validation takes at least 2 folds, not {self.folds}.")
        if not 0 <= self.seed < 2**32:
            raise InvalidInput(f"A seed lies between 0 and {2**32 - 1:,}, not {self.seed}.")
        if isinstance(self.only, str):
            raise InvalidInput(f"`only` takes a tuple of patterns: only=({self.only!r},).")
        if self.min_images is not None and self.min_images < 1:
            raise InvalidInput(f"min_images is at least 1, not {self.min_images}.")
        if self.name is not None:
            check_model_name(self.name)

    @property
    def way(self) -> str:
        """The method, also when none was named."""
        return self.method or TARGETS.get(self.target) or OF_PROPERTIES[self.read_as]

    @property
    def spaces(self) -> tuple[str | None, ...]:
        """The names of the spaces; a single None is the newest."""
        return self.space or (None,) if isinstance(self.space, tuple) else (self.space,)

    @property
    def least(self) -> int:
        """The fewest images of a label or tag, also when none was named."""
        return self.min_images or LEAST.get(self.target, 1)

    @property
    def model_name(self) -> str:
        """The name of the model, also when none was given."""
        return self.name or self.recipe or f"{self.target}-{self.way}"


@dataclass(frozen=True, slots=True)
class Taught:
    """A model in its collection, and the account of how well it does.

    Parameters
    ----------
    name : str
    card : mapping
        The model card.
    evaluation : Evaluation, TagEvaluation or NumberEvaluation
    report : Path
        The HTML file; ``report.json`` lies beside it.
    """

    name: str
    card: Mapping[str, Any]
    evaluation: Evaluation | TagEvaluation | NumberEvaluation
    report: Path

    @property
    def metrics(self) -> dict[str, Any]:
        """Scores with intervals and chance, as the JSON of `impasto learn` gives them."""
        return self.evaluation.metrics()

    def to_json(self) -> dict[str, Any]:
        """Return what ``impasto learn --json`` prints."""
        return {
            "model": self.name,
            "report": str(self.report),
            "method": self.card["method"],
            "space": self.card["space_name"],
            "images": self.card["images"],
            "labels": list(self.evaluation.labels),
            "notes": list(self.card["notes"]),
            "metrics": self.metrics,
        }


def save(
    collection: Collection,
    options: LearnOptions,
    card: Mapping[str, Any],
    evaluation: Evaluation | TagEvaluation | NumberEvaluation,
    *,
    files: Mapping[str, bytes],
    learned_from: NDArray[np.int64],
    notes: Sequence[str],
    page: Callable[[Mapping[str, Any]], str],
) -> Taught:
    """Write a model with its card, its report and its answers to the test, all at once.

    Parameters
    ----------
    collection : Collection
    options : LearnOptions
    card : mapping
        As the room `learn` makes it.
    evaluation : Evaluation, TagEvaluation or NumberEvaluation
    files : mapping of str to bytes
        The model.
    learned_from : ndarray of shape (n_images,), int64
        The images it learned from, or chose anything on; kept, so that leaks can be found.
    notes : sequence of str
        What happened to the images before the learning; said before the card's own notes.
    page : callable
        From the finished card to the report as HTML.
    """
    from impasto.store import SCORES_FILE, scores_to_bytes

    finished = {
        **card,
        "recipe": options.recipe,
        "notes": [*notes, *card["notes"]],
        "options": {
            "folds": options.folds,
            "test": None if options.folds else options.test,
            "only": list(options.only),
            "min_images": options.least,
            "group_duplicates": options.group_duplicates,
            "read_as": options.read_as,
            "seed": options.seed,
        },
    }
    data = {"version": __version__, "card": finished, **evaluation.to_json()}
    folder = collection.save_model(
        options.model_name,
        {
            **files,
            IMAGES: _packed(learned_from),
            REPORT: page(finished).encode(),
            REPORT_DATA: json.dumps(data, indent=1, ensure_ascii=False).encode(),
            SCORES_FILE: scores_to_bytes(evaluation.kept),
        },
        finished,
    )
    return Taught(options.model_name, finished, evaluation, folder / REPORT)


def paged(
    collection: Collection,
    ids: NDArray[np.int64],
    render: Callable[..., str],
    evaluation: object,
    **figures: str,
) -> Callable[[Mapping[str, Any]], str]:
    """Return what writes the report of a finished card, with pictures and names of images.

    Parameters
    ----------
    collection : Collection
    ids : ndarray of shape (n_images,), int64
        That may be named.
    render : callable
        Of the room `learn`: card, evaluation, pictures and names to HTML.
    evaluation : object
        What it takes.
    **figures : str
        Further SVG elements that it takes.
    """
    called = {image.id: image.name for image in collection.images(ids.tolist())}

    def page(finished: Mapping[str, Any]) -> str:
        return render(
            finished,
            evaluation,
            pictures=collection.thumbnail,
            names=lambda image: called[image],
            **figures,
        )

    return page


def _packed(ids: NDArray[np.int64]) -> bytes:
    from safetensors.numpy import save as pack

    packed: bytes = pack({"ids": np.sort(ids).astype(np.int64)})
    return packed


def learned_from(record: ModelRecord) -> NDArray[np.int64] | None:
    """Return the images of its collection that a model learned from, rising; None: not known."""
    from safetensors.numpy import load_file

    file = record.folder / IMAGES
    if not file.is_file():
        return None
    ids: NDArray[np.int64] = load_file(file)["ids"]
    return ids


def given_parts(
    collection: Collection, ids: NDArray[np.int64], notes: list[str]
) -> NDArray[np.str_] | None:
    """Return the splits of the collection for these images; None when there is no train and test.

    Parameters
    ----------
    collection : Collection
    ids : ndarray of shape (n_images,), int64
    notes : list of str
        Gains what a reader of the scores must know.

    Returns
    -------
    ndarray of shape (n_images,), str, or None
        Images in no split are learned from.
    """
    given = np.array([image.split or "" for image in collection.images(ids.tolist())])
    if not {"train", "test"} <= set(given.tolist()):
        return None
    left = int((given == "").sum())
    if left:
        notes.append(f"{left:,} images are in no split; they are learned from.")
        given = np.where(given == "", "train", given)
    notes.append("Judged on the test split of the collection.")
    return given


def checked_parts(
    parts: NDArray[np.str_], options: LearnOptions, spaces: Sequence[Space]
) -> NDArray[np.str_]:
    """Return the parts that a network of these spaces was tuned by, when they can be kept to.

    Raises
    ------
    InvalidInput
        When folds were asked for, or no image of the network's test takes part.
    """
    network = " or ".join(dict.fromkeys(space.network for space in spaces))
    if options.folds is not None:
        raise InvalidInput(
            f"{network} was tuned on most of these images, so folds would test it on what it "
            "has learned by heart. Leave the folds out: it is judged on its own test part."
        )
    if not (parts == "test").any():
        raise InvalidInput(
            f"None of these images was kept aside when {network} was tuned, so nothing can "
            "be judged. Learn from the vectors of another network, or tune it on this target."
        )
    return parts


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a name is like one of the patterns (``animals/*``)."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
