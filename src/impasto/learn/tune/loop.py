"""The training loop: from a network and pictures to a network that tells these labels or tags."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import Cancelled, InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Preprocessing
from impasto.learn.tune.checkpoint import Forget, Keeper, State, copied, pack, unpack
from impasto.learn.tune.course import Course, factor
from impasto.learn.tune.curves import Curves, Epoch
from impasto.learn.tune.pictures import Pictures, Pixels, vary
from impasto.learn.tune.plan import Plan, Treatment, treat
from impasto.learn.tune.steps import (
    begin_anew,
    open_optimiser,
    relative_gradients,
    set_modes,
    set_rates,
)
from impasto.learn.tune.tasks import Logits, Rows, Task
from impasto.learn.tune.team import Team
from impasto.learn.tune.units import classifier_path, module_of, units_of
from impasto.networks.records import Network

if TYPE_CHECKING:
    from torch import Tensor, nn

LOOKS = 8
"""Batches from which the relative gradients of an epoch are measured."""

Watch = Callable[[Curves], None]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What is learned, by which network, and how.

    Parameters
    ----------
    network : Network
        As it was; it is not changed. Its preprocessing is that of the pictures.
    task : LabelTask or TagTask
    pictures : Pictures
    train, validation : ndarray of int64
        Rows of `pictures`. No other row is looked at.
    plan : Plan
    course : Course
    seed : int
    """

    network: Network
    task: Task
    pictures: Pictures
    train: Rows
    validation: Rows
    plan: Plan
    course: Course
    seed: int = 0

    def __post_init__(self) -> None:
        """Check that there is something to learn and something to judge by."""
        if len(self.train) < 2 or not len(self.validation):
            raise InvalidInput(
                f"Tuning takes at least 2 images to learn from and 1 to stop by, not "
                f"{len(self.train)} and {len(self.validation)}."
            )

    @property
    def mark(self) -> str:
        """A digest of all that the result hangs on."""
        truth = getattr(self.task, "codes", getattr(self.task, "truth", None))
        what = [
            self.network.weights,
            asdict(self.network.preprocessing),
            asdict(self.plan),
            asdict(self.course),
            list(self.task.names),
            self.task.settings,
            [self.seed, len(self.pictures.exact)],
        ]
        summary = hashlib.sha256(json.dumps(what, default=str).encode())
        for array in (truth, self.train, self.validation):
            summary.update(np.ascontiguousarray(array).tobytes())
        return summary.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A tuned network.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode, on the CPU: the network as it was at its best epoch.
    curves : Curves
    treatments : tuple of Treatment
        What the plan did to each unit.
    """

    module: nn.Module
    curves: Curves
    treatments: tuple[Treatment, ...]


def tune(
    lesson: Lesson,
    *,
    device: str = "cpu",
    keeper: Keeper | None = None,
    team: Team | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Tuned:
    """Tune a network by a layer plan, and keep it as it was when it did best on validation.

    Killed and started again it goes on from the last checkpoint and gives the same bytes as a
    run that was never stopped (on the processor, with the same number of threads).

    Parameters
    ----------
    lesson : Lesson
    device : str
        As torch calls it.
    keeper : Keeper, optional
        Where checkpoints are kept; None keeps none.
    team : Team, optional
        The processes that share the batches.
    progress : Progress, optional
        Counts steps; may raise Cancelled.
    watch : callable, optional
        Given the curves after every epoch, 0 included.

    Raises
    ------
    InvalidInput
        When the plan does not fit the network, or the loss stops being a number.
    """
    import torch

    keeper, team, progress = keeper or Forget(), team or Team(), progress or Quiet()
    course, task, mark = lesson.course, lesson.task, lesson.mark
    batch = min(course.batch, len(lesson.train))
    team.check(batch)
    treatments = treat(lesson.plan, units_of(lesson.network), course.rate)
    module = with_new_classes(lesson.network, task.bias(), lesson.seed)
    for number, treatment in enumerate(treatments):
        if treatment.anew and not treatment.unit.classifier:
            begin_anew(module_of(module, treatment.unit), _draw(lesson.seed, number))
    module = module.to(device).to(memory_format=torch.channels_last)
    optimiser = None
    if any(not treatment.frozen for treatment in treatments):
        optimiser = open_optimiser(module, treatments, course)
    kept = team.share(keeper.read() if team.leads else None)
    state = unpack(kept, module, optimiser, mark) if kept else None
    if state is None:
        state = State()
        if lesson.plan.head_first:
            put_head_first(lesson, module, device, progress)
        if team.leads:
            _judge(lesson, module, device, state, float("nan"), 0.0, watch)
            keeper.write(pack(state, module, optimiser, mark))
    elif watch is not None and team.leads:
        watch(_curves(lesson, state))
    if optimiser is None:
        return _finished(lesson, module, state, treatments)

    shared = team.wrap(module, device)
    whole = team.size > 1 or len(lesson.train) % batch == 1  # normalisation needs two images
    sampler = task.sampler(lesson.train, batch, lesson.seed, whole=whole)
    learning = [treatment.unit for treatment in treatments if not treatment.frozen]
    while state.epoch < course.epochs and not team.share(_tired(state, course)):
        epoch = state.epoch
        sampler.set_epoch(epoch)
        batches = [lesson.train[np.asarray(each, np.int64)] for each in sampler]
        progress.stage(f"epoch {epoch + 1}", len(batches), "steps")
        progress.advance(state.step)
        if lesson.plan.relative_gradients and state.step == 0:
            module.eval()
            losses = (
                task.loss(module(_pixels(lesson, rows, device)), rows) for rows in batches[:LOOKS]
            )
            state.scales = relative_gradients(module, learning, losses)
        set_modes(module, treatments, keep_statistics=lesson.plan.keep_statistics)
        while state.step < len(batches):
            step, rows = state.step, batches[state.step][team.rank :: team.size]
            torch.manual_seed(_draw(lesson.seed, epoch, step, team.rank))  # dropout
            chance = np.random.default_rng([lesson.seed, epoch, step, team.rank])
            now = factor(course, epoch * len(batches) + step, len(batches))
            set_rates(optimiser, now, state.scales)
            optimiser.zero_grad(set_to_none=True)
            pixels = _varied(lesson, rows, device, chance)
            with _arithmetic(course, device):
                logits = shared(pixels)
            loss = task.loss(logits.float(), rows)  # the mean over the rows of this process
            torch.autograd.backward(loss)
            optimiser.step()
            cost = float(loss.detach())
            if not math.isfinite(cost):
                raise InvalidInput(
                    f"The cost is no longer a number at step {step + 1} of epoch {epoch + 1}: the "
                    "learning rates are too high for these layers. Lower them, or let them rise "
                    "slowly (warm-up)."
                )
            state.cost += cost
            state.step += 1
            if team.leads and state.step < len(batches) and keeper.due():
                keeper.write(pack(state, module, optimiser, mark))
            try:
                progress.advance()
            except Cancelled:
                if team.leads and state.step < len(batches):
                    keeper.write(pack(state, module, optimiser, mark))
                raise
        state.epoch, state.step = epoch + 1, 0
        if team.leads:
            _judge(lesson, module, device, state, state.cost / len(batches), now, watch)
        state.cost = 0.0
        if team.leads:
            keeper.write(pack(state, module, optimiser, mark))
    return _finished(lesson, module, state, treatments)


def _judge(
    lesson: Lesson,
    module: nn.Module,
    device: str,
    state: State,
    loss: float,
    rate: float,
    watch: Watch | None,
) -> None:
    """Judge the network on the validation part; remember it when it is the best so far."""
    logits = logits_of(
        module, lesson.pictures.exact, lesson.validation, lesson.network.preprocessing, device
    )
    score = lesson.task.score(logits, lesson.validation)
    best = _curves(lesson, state).best.score if state.history else None
    if score.beats(best):
        state.best = copied(module)
    state.history.append(Epoch(state.epoch, rate, loss, score))
    if watch is not None:
        watch(_curves(lesson, state))


def _tired(state: State, course: Course) -> bool:
    """Tell whether the last epochs brought nothing better."""
    if not course.patience or not state.history:
        return False
    curves = Curves("", (), tuple(state.history), 0)
    return state.history[-1].number - curves.best.number >= course.patience


def _curves(lesson: Lesson, state: State) -> Curves:
    task = lesson.task
    return Curves(task.measure, task.names, tuple(state.history), lesson.course.epochs)


def _finished(
    lesson: Lesson, module: nn.Module, state: State, treatments: tuple[Treatment, ...]
) -> Tuned:
    module = module.cpu()
    if state.best:  # the processes that do not lead have judged nothing
        module.load_state_dict(state.best)
    return Tuned(module.eval().requires_grad_(False), _curves(lesson, state), treatments)


def with_new_classes(network: Network, bias: NDArray[np.float64], seed: int) -> nn.Module:
    """Return a copy of a network whose classifier is new, one output per number in `bias`."""
    import torch
    from torch import nn

    module = copy.deepcopy(network.module)
    path = classifier_path(network)
    container, _, name = path.rpartition(".")
    old = module.get_submodule(path)
    assert isinstance(old, nn.Linear)  # classifier_path says so
    new = nn.Linear(old.in_features, len(bias))
    with torch.no_grad():
        chance = torch.Generator().manual_seed(seed)
        nn.init.normal_(new.weight, std=0.01, generator=chance)
        new.bias.copy_(torch.from_numpy(bias))
    setattr(module.get_submodule(container), name, new)
    return module


def put_head_first(lesson: Lesson, module: nn.Module, device: str, progress: Progress) -> None:
    """Give the network the best linear classifier on its vectors, chosen on validation."""
    import torch
    from torch import nn

    rows = np.concatenate([lesson.train, lesson.validation])
    progress.stage("frozen vectors", len(rows))
    preprocessing = lesson.network.preprocessing
    vectors = vectors_of(
        module, classifier_path(lesson.network), lesson.pictures.exact, rows, preprocessing, device,
        progress,
    )  # fmt: skip
    placed = np.zeros((len(lesson.pictures.exact), vectors.shape[1]), np.float32)
    placed[rows] = vectors
    weights, bias = lesson.task.head(placed, lesson.train, lesson.validation)
    head = module.get_submodule(classifier_path(lesson.network))
    assert isinstance(head, nn.Linear)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weights))
        head.bias.copy_(torch.from_numpy(bias))


def logits_of(
    module: nn.Module, exact: Pixels, rows: Rows, preprocessing: Preprocessing, device: str
) -> Logits:
    """Return what the classifier says, shape (n_rows, n_classes), float64; nothing learns."""
    outputs = [logits for logits, _ in _passes(module, None, exact, rows, preprocessing, device)]
    found: Logits = np.concatenate(outputs).astype(np.float64)
    return found


def vectors_of(
    module: nn.Module,
    classifier: str,
    exact: Pixels,
    rows: Rows,
    preprocessing: Preprocessing,
    device: str,
    progress: Progress,
) -> NDArray[np.float32]:
    """Return what goes into the classifier, shape (n_rows, n_features)."""
    found = []
    for _, vectors in _passes(module, classifier, exact, rows, preprocessing, device):
        found.append(vectors)
        progress.advance(len(vectors))
    return np.concatenate(found)


def _passes(
    module: nn.Module,
    classifier: str | None,
    exact: Pixels,
    rows: Rows,
    preprocessing: Preprocessing,
    device: str,
    batch: int = 32,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    import torch

    module.eval()
    seen: list[Tensor] = []
    hook = None
    if classifier is not None:

        def see(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            seen.append(arguments[0].detach())

        hook = module.get_submodule(classifier).register_forward_pre_hook(see)
    try:
        with torch.inference_mode():
            for first in range(0, len(rows), batch):
                block = np.ascontiguousarray(exact[rows[first : first + batch]])
                logits = module(normalised(torch.from_numpy(block).to(device), preprocessing))
                vectors = seen.pop() if seen else logits
                yield logits.float().cpu().numpy(), vectors.float().cpu().numpy()
    finally:
        if hook is not None:
            hook.remove()


def normalised(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Turn pixels (n, size, size, 3), 0-255, into what the network reads, as `Tapped` does."""
    import torch

    x = pixels.permute(0, 3, 1, 2).to(torch.float32)
    if preprocessing.channels == "bgr":
        x = x.flip(1)
    mean = torch.tensor(preprocessing.mean, device=x.device).view(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std, device=x.device).view(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def _pixels(lesson: Lesson, rows: Rows, device: str) -> Tensor:
    import torch

    block = torch.from_numpy(np.ascontiguousarray(lesson.pictures.exact[rows]))
    return normalised(block.to(device), lesson.network.preprocessing)


def _varied(lesson: Lesson, rows: Rows, device: str, chance: np.random.Generator) -> Tensor:
    if lesson.course.augment == "none":
        return _pixels(lesson, rows, device)
    preprocessing = lesson.network.preprocessing
    wide = vary(lesson.pictures.wide[rows], preprocessing.size, lesson.course.augment, chance)
    return normalised(wide.to(device), preprocessing)


def _arithmetic(course: Course, device: str) -> Any:
    import torch

    kind = device.partition(":")[0]
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=course.precision == "bf16")


def _draw(*numbers: int) -> int:
    """Return a seed that hangs on all of the numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
