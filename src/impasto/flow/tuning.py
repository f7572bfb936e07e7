"""What is asked of fine-tuning, and where tuned networks are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput
from impasto.core.space import Fit, Space
from impasto.flow.gather import EmbedOptions
from impasto.flow.teaching import LEAST, LearnOptions, TagOptions, Taught

if TYPE_CHECKING:
    from impasto.learn.tune import Team

CURVES, FIGURE = "curves.json", "curves.svg"
VALIDATION = 0.2
"""Share of the images not tested by which the loop stops (64/16/20, as work 4 divides)."""

SETTINGS = (
    *("epochs", "batch", "optimiser", "rate", "momentum", "decay", "schedule", "warm_up"),
    *("augment", "smoothing", "precision", "patience"),
)
"""Options that take the place of what the layer plan says."""


@dataclass(frozen=True, slots=True)
class TuneOptions:
    """Which network to tune on what, and how.

    Parameters
    ----------
    target : str
        "label", the one class of an image, or "tags".
    network : str
        To begin with; a tuned one, ``model:NAME``, can be tuned further.
    weights : Path or None
        The user's own weights file.
    plan : str
        A preset ("lp-ft") or the path of a layer plan.
    size : int or None
        Side of the pictures, pixels; None: that of the network. Smaller is faster.
    fit : {"crop", "squash"} or None
        The central square or the whole picture squashed; None: as the network was trained.
    epochs, batch, optimiser, rate, momentum, decay, schedule, warm_up, augment, smoothing, \
precision, patience
        As in `impasto.learn.tune.Course`; None: as the plan has it.
    tagging : TagOptions
        Loss, sampler and thresholds of tags.
    device : str
        "auto", "cpu", "cuda", "cuda:N" or "mps".
    space : str or None
        Space by which near-duplicates are found, and which the nearest neighbours of the report
        are from; None: the newest of a network that was not tuned here.
    test : float
        Share of the test part, when the collection has no splits of its own.
    seed : int
    name : str or None
        Of the model; None: "tuned" and the plan.
    only : tuple of str
        Patterns of the labels or tags to learn; empty: all.
    min_images : int or None
        Labels or tags with fewer images are left out; None: 2 for labels, 20 for tags.
    group_duplicates : bool
        Near-duplicates stay on one side.
    then : str or None
        A method of `impasto learn`: learn it afterwards on the vectors of the tuned network.
    """

    target: str = "label"
    network: str = "efficientnet-lite0"
    weights: Path | None = None
    plan: str = "lp-ft"
    size: int | None = None
    fit: Fit | None = None
    epochs: int | None = None
    batch: int | None = None
    optimiser: str | None = None
    rate: float | None = None
    momentum: float | None = None
    decay: float | None = None
    schedule: str | None = None
    warm_up: float | None = None
    augment: str | None = None
    smoothing: float | None = None
    precision: str | None = None
    patience: int | None = None
    tagging: TagOptions = field(default_factory=TagOptions)
    device: str = "auto"
    space: str | None = None
    test: float = 0.2
    seed: int = 0
    name: str | None = None
    only: tuple[str, ...] = ()
    min_images: int | None = None
    group_duplicates: bool = True
    then: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the collection."""
        EmbedOptions(fit=self.fit, device=self.device)
        if self.size is not None and not 16 <= self.size <= 2048:
            raise InvalidInput(f"The side of the pictures is 16 to 2,048 pixels, not {self.size}.")
        if self.target not in LEAST:
            raise InvalidInput(
                f"Networks are tuned on {' or '.join(LEAST)}, not on {self.target!r}."
            )
        if self.then is not None and self.then not in self._methods():
            known = ", ".join(self._methods())
            raise InvalidInput(f"After tuning {known} can be learned, not {self.then!r}.")
        _ = self.lesson  # checks the rest

    def _methods(self) -> Sequence[str]:
        from impasto.learn import METHODS, TAG_METHODS

        return list(TAG_METHODS) if self.target == "tags" else list(METHODS)

    @property
    def settings(self) -> dict[str, Any]:
        """What takes the place of the plan's settings; None where nothing was asked."""
        return {name: getattr(self, name) for name in SETTINGS}

    @property
    def model_name(self) -> str:
        """The name of the model, also when none was given."""
        from impasto.learn.tune import PRESETS

        plan = self.plan if self.plan in PRESETS else Path(self.plan).stem
        kind = "" if self.target == "label" else f"{self.target}-"
        return self.name or f"tuned-{kind}{plan}"

    @property
    def lesson(self) -> LearnOptions:
        """The same as options of learning: which images take part, and how they are divided."""
        return LearnOptions(
            target=self.target,
            space=self.space,
            test=self.test,
            seed=self.seed,
            name=self.model_name,
            only=self.only,
            min_images=self.min_images,
            group_duplicates=self.group_duplicates,
            tagging=self.tagging,
        )


@dataclass(frozen=True, slots=True)
class TunedNetwork:
    """A tuned network in its collection, and the account of how well it does.

    Parameters
    ----------
    taught : Taught
        The network with its own classifier.
    space : Space
        Its vectors, computed for all images of the collection.
    then : Taught or None
        What was learned on these vectors.
    """

    taught: Taught
    space: Space
    then: Taught | None = None

    @property
    def network(self) -> str:
        """What the network is called from now on."""
        return self.space.network

    def to_json(self) -> dict[str, Any]:
        """Return what ``impasto tune --json`` prints."""
        return {
            **self.taught.to_json(),
            "network": self.network,
            "then": self.then.to_json() if self.then else None,
        }


def team_here() -> Team:
    """Return who this process is among those that a launcher (torchrun) started; or just one.

    Raises
    ------
    InvalidInput
        When the launcher's variables make no sense.
    """
    import os

    from impasto.learn.tune import Team

    names = {"rank": "RANK", "size": "WORLD_SIZE", "local": "LOCAL_RANK"}
    try:
        team = Team(**{k: int(os.environ[v]) for k, v in names.items() if v in os.environ})
    except ValueError:
        raise InvalidInput(f"{', '.join(names.values())} are numbers that torchrun sets.") from None
    if not 0 <= team.rank < max(1, team.size):
        raise InvalidInput(f"There is no process {team.rank} of {team.size}; start with torchrun.")
    return team
