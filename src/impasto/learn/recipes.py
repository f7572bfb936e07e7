"""The works' numbers by name: every parameter as published, and what today's software changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from impasto.core.registry import Registry


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a published work did, as options of `impasto learn`.

    Parameters
    ----------
    title : str
        What it does, for people.
    work : str
        Who published it, and where in the work it stands.
    options : mapping
        Fields of `impasto.flow.LearnOptions` that the work settles; options that belong together
        lie in a mapping of their own (``{"heads": {"c": (10.0,)}}``). What is not named here
        (a seed, which labels) is free.
    network, layer : str
        What the vectors come from; empty where the recipe reads any.
    published : str
        What came out there, a sentence.
    deviations : tuple of str
        What is not as published and why, a sentence each.
    needs : str
        What only the user can say, as an option ("--target PROPERTY"); empty for most.
    plan : str
        Of a recipe that tunes a network: its layer plan, and `options` are what that settles.
    embedding : str
        Further options of `impasto embed` for its vectors.
    """

    title: str
    work: str
    options: Mapping[str, Any]
    network: str = ""
    layer: str = ""
    published: str = ""
    deviations: tuple[str, ...] = ()
    needs: str = ""
    plan: str = ""
    embedding: str = ""

    def command(self, name: str) -> str:
        """Return the command that follows the recipe, which is registered as `name`."""
        if self.plan:
            return f"impasto tune COLLECTION --network {self.network} --plan {self.plan}"
        return " ".join(filter(None, ("impasto learn COLLECTION --recipe", name, self.needs)))

    @property
    def space(self) -> str | None:
        """How the names of the spaces that it reads begin; None for any."""
        return f"{self.network}-{self.layer}-" if self.network else None

    @property
    def embed(self) -> str:
        """The options of `impasto embed` that compute its vectors; "" for any."""
        if not self.network:
            return ""
        more = f" {self.embedding}" if self.embedding else ""
        return f"--network {self.network} --layer {self.layer}{more}"

    def lines(self) -> list[tuple[str, str]]:
        """Return what it settles, one option after the other, as text."""
        return list(_flat(self.options))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "title": self.title,
            "work": self.work,
            "options": dict(self.options),
            "network": self.network,
            "layer": self.layer,
            "published": self.published,
            "deviations": list(self.deviations),
            "needs": self.needs,
            "plan": self.plan,
            "embedding": self.embedding,
        }


def _flat(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in options.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif isinstance(value, tuple):
            yield (
                key,
                ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value),
            )
        else:
            yield key, str(value)


RECIPES: Registry[Recipe] = Registry("recipe")

_LAGUNAS = "Lagunas & Garces, “Transfer learning for illustration classification”, CEIG 2017"
_SVM = {"against": "rest", "rows": "raw", "inner_folds": 3}
_FC7 = (
    "fc7 is read from today's VGG-19 weights, which were trained anew; the authors' came from "
    "Caffe, with other preprocessing. Its numbers have another scale, so gamma may want a search: "
    "see lagunas2017-svm-grid."
)
_DIVISION = (
    "The work keeps 64/16/20 % for training, validation and test. With C and gamma settled nothing "
    "is left to validate, so 80 % are learned from; three folds among them give the temperature."
)
_COPIES = (
    "Near-duplicates stay on one side of the split, which the work did not see to; "
    "--ignore-duplicates does as it did."
)

_BHASKAR = "Bhaskar & Patel, “Image classification using convolutional neural network”, 2015"
_LIKES = {"read_as": "median"}
_ALIKE = (
    "The work sorts its images by likes per follower and halves all of them before it divides "
    "them; here the median is that of the images learned from, and ties are low.",
    "fc7 is read from today's AlexNet weights; the authors' are Caffe's, with other preprocessing.",
    "How many folds the work makes is not published, nor that images of one user stay together. "
    "Here the folds are the user's (--folds), and near-duplicates stay together.",
    "Its “average precision” is reported between 0.57 and 0.60, with halves of equal size; we take "
    "it for the share of right answers.",
)

RECIPES.register(
    "lagunas2017-svm",
    Recipe(
        "Sigmoid machines against the rest, for vectors of a fine-tuned network",
        f"{_LAGUNAS}, section 7.2",
        {
            "target": "label",
            "method": "sigmoid-svm",
            "test": 0.2,
            "heads": {**_SVM, "c": (10.0,), "gamma": (1e-4,)},
        },
        "vgg19",
        "fc7",
        "86.61 % top-1, 97.21 % top-5 on 23 classes of 4,091 curated illustrations (always "
        "answering the commonest: 11.2 %), from the fc7 of a VGG-19 fine-tuned on 180,000 others.",
        (
            "The vectors are those of plain VGG-19 unless --space names those of a network that "
            "was fine-tuned.",
            _FC7,
            _DIVISION,
            _COPIES,
        ),
    ),
)
RECIPES.register(
    "lagunas2017-svm-baseline",
    Recipe(
        "Radial machines against the rest, for vectors of a network as it was published",
        f"{_LAGUNAS}, section 6.1",
        {
            "target": "label",
            "method": "rbf-svm",
            "test": 0.2,
            "heads": {**_SVM, "c": (1.0,), "gamma": (1e-4,)},
        },
        "vgg19",
        "fc7",
        "62.04 % top-1, 85.64 % top-5 on 23 classes of 4,091 curated illustrations.",
        (_FC7, _DIVISION, _COPIES),
    ),
)
RECIPES.register(
    "lagunas2017-svm-grid",
    Recipe(
        "The search of that work: kernels, C and gamma by three folds",
        f"{_LAGUNAS}, sections 6.1 and 7.2",
        {
            "target": "label",
            "method": "kernel-grid",
            "test": 0.2,
            "heads": {
                **_SVM,
                "c": (0.1, 1.0, 10.0, 100.0),
                "gamma": (1e-5, 1e-4, 1e-3),
            },
        },
        "vgg19",
        "fc7",
        "The search chose a radial kernel with C = 1 for the published network and a sigmoid one "
        "with C = 10 for the fine-tuned one, gamma = 0.0001 for both.",
        (
            "Which values were tried is not published; these surround what was found. Our "
            "polynomial kernel is of degree 3 with coef0 = 1.",
            _FC7,
            "The work keeps 64/16/20 % for training, validation and test; here the three folds are "
            "made of the 80 % that are not tested.",
            _COPIES,
        ),
    ),
)
RECIPES.register(
    "lagunas2017-tune",
    Recipe(
        "VGG-19 tuned to drawings: its first ten and its dense layers anew, the rest gently",
        f"{_LAGUNAS}, section 7.1",
        {
            "rate, layers 1-10 and 17-19": 0.01,
            "rate, layers 11-16": 0.0001,
            "begin anew": "layers 1-10 and 17-19",
            "epochs": 55,
        },
        "vgg19",
        "fc7",
        "49.39 % top-1, 70.07 % top-5 on 23 classes of curated illustrations by its own last "
        "layer; for a support vector machine on its vectors see lagunas2017-svm.",
        (
            "Optimiser, momentum, weight decay, batch and how layers began anew are not published: "
            "here stochastic gradient descent with VGG's own 0.9, 5e-4 and 256, and Kaiming's "
            "random weights.",
            "The work tuned on 180,000 images that the judged ones were drawn from; here no image "
            "that is judged was tuned on, nor a near-duplicate of one.",
            "The epoch that does best on a validation part is kept, and pictures are varied "
            "lightly (--augment none does not).",
            "On other networks than VGG-19 the first ten of sixteen layers are those up to the "
            "nearest end of a named layer: see the page on tuning.",
        ),
        plan="lagunas2017",
    ),
)

_AHRES = "Ahres & Volk, “Abstract concept & emotion detection in tagged images with CNNs”, 2016"
_BATCHES = {
    "batch": 24,
    "rate": 1e-4,
    "optimiser": "adagrad",
    "prior": False,
    "decay": 0.0,
    "steps": 10_000,
    "keep_bare": False,
    "aim": "fixed",
    "level": 0.5,
    "calibrate": False,
}
_AHRES_DEVIATIONS = (
    "The work tunes all of VGG-16 (by its training script VGG_CNN_S); here the layers below fc7 "
    "keep their weights and only the heads learn, from vectors of length 1, centred. `impasto "
    "tune` tunes the network too.",
    "The number of steps is not published; 10,000 batches of 24 are about 21 epochs of its 11,317 "
    "images. Nor is the weight decay: 0.",
    "Heads are one sigmoid per tag, as its text has them; its script has a softmax of two for "
    "each, which is the same function.",
    "The work judges on the images on which it chose; here a test part is kept aside, and the five "
    "best tags are chosen on validation.",
    "It keeps tags with at least 300 images and merges some by hand: --min-images 300, and "
    "`impasto tags`. That is left open, since it would leave smaller collections without a tag.",
    _COPIES,
)


def _ahres(title: str, where: str, published: str, *deviations: str, **more: Any) -> Recipe:
    tagging = {**_BATCHES, "loss": "plain", "sampler": "random", **more}
    return Recipe(
        title,
        f"{_AHRES}, {where}",
        {"target": "tags", "method": "steps", "test": 0.22, "tagging": tagging},
        "vgg16",
        "fc7",
        published,
        (*_AHRES_DEVIATIONS, *deviations),
    )


_F1 = (
    "Mean F1 of the five best tags {} (table 2); tagging every image with them gives 0.19 (our "
    "reckoning from its table 1)."
)
_ONE_K = (
    "The smoothing k is published as a rule, that nothing weighs more than double, and not whether "
    "each tag has its own: here one k serves all."
)

RECIPES.register(
    "ahres2016-random",
    _ahres(
        "Heads of tags learned from random batches, the baseline",
        "section 4.1",
        _F1.format("0.16"),
    ),
)
RECIPES.register(
    "ahres2016-weights",
    _ahres(
        "The same with errors weighed by how rare a tag is, as the text means it",
        "section 4.2, equations 2 to 4",
        _F1.format("0.14"),
        "The printed weights count a tag less, the rarer it is, against the text; this recipe "
        "takes the text, ahres2016-weights-printed the equations.",
        _ONE_K,
        loss="weighted",
        reading="inverse",
        smoothing="global",
        balance=False,
    ),
)
RECIPES.register(
    "ahres2016-weights-printed",
    _ahres(
        "The same with the weights as the equations print them",
        "section 4.2, equations 2 to 4",
        _F1.format("0.14"),
        _ONE_K,
        loss="weighted",
        reading="printed",
        smoothing="global",
        balance=False,
    ),
)
RECIPES.register(
    "ahres2016-entropy",
    _ahres(
        "Heads of tags learned from batches rich in entropy",
        "section 4.3, algorithms 1 and 2",
        _F1.format("0.18"),
        "Whether images are put back is not published; here they are, though never twice in a "
        "batch. Without, the end of each epoch holds few of the tags: see the report.",
        sampler="entropy",
        candidates=5,
        replacement="within-batch",
    ),
)
RECIPES.register(
    "bhaskar2015-linear",
    Recipe(
        "Linear machines on fc7 and its mirror images: much liked or little",
        f"{_BHASKAR}, “Modelling”",
        {
            **_LIKES,
            "method": "linear-path",
            "heads": {
                "rows": "raw",
                "flips": True,
                "c": tuple(10.0**power for power in range(-6, 6)),
            },
        },
        "alexnet",
        "fc7",
        "0.599 with mirror images, 0.597 without (chance 0.5) on 35,000 photographs of people; "
        "0.587 and 0.603 from fc6.",
        (
            *_ALIKE,
            "LinearSVC pulls the bias towards 0 as well, which ours does not; both minimise the "
            "squared hinge loss.",
        ),
        needs="--target PROPERTY",
        embedding="--flip both",
    ),
)
RECIPES.register(
    "bhaskar2015-forest",
    Recipe(
        "A random forest on fc7 and its mirror images: much liked or little",
        f"{_BHASKAR}, “Modelling”",
        {**_LIKES, "method": "forest", "heads": {"rows": "raw", "flips": True}},
        "alexnet",
        "fc7",
        "0.587 with mirror images, 0.579 without (chance 0.5) on 35,000 photographs of people; "
        "0.578 and 0.579 from fc6.",
        _ALIKE,
        needs="--target PROPERTY",
        embedding="--flip both",
    ),
)
