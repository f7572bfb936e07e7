"""Parameter groups, their rates, and the optimiser that moves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput
from impasto.learn.tune.course import Course
from impasto.learn.tune.plan import Treatment
from impasto.learn.tune.units import Unit, module_of

if TYPE_CHECKING:
    import torch
    from torch import nn


def begin_anew(module: nn.Module, seed: int) -> None:
    """Give one module random weights: Kaiming's for layers followed by a ReLU.

    Raises
    ------
    InvalidInput
        When its kind has no way to begin.
    """
    import torch
    from torch import nn

    chance = torch.Generator().manual_seed(seed)
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(
            module.weight, mode="fan_out", nonlinearity="relu", generator=chance
        )
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif callable(reset := getattr(module, "reset_parameters", None)):
        reset()  # normalisations: ones and zeros, nothing random
    else:
        for parameter in module.parameters(recurse=False):
            if parameter.ndim < 2:
                raise InvalidInput(
                    f"It is not known how a {type(module).__name__} begins anew; leave such "
                    "layers out of the rule."
                )
            nn.init.normal_(parameter, std=0.02, generator=chance)


def set_modes(module: nn.Module, treatments: Sequence[Treatment], *, keep_statistics: bool) -> None:
    """Make the module ready for a step: what is frozen neither learns nor counts.

    Batch normalisation of a frozen layer uses the statistics that it has, and keeps them;
    that of all layers but those that begin anew does with `keep_statistics`.
    """
    from torch.nn.modules.batchnorm import _BatchNorm

    module.train()
    for treatment in treatments:
        part = module_of(module, treatment.unit)
        kept = keep_statistics and not treatment.anew and isinstance(part, _BatchNorm)
        if treatment.frozen or kept:
            part.training = False  # not what lies inside of it


def open_optimiser(
    module: nn.Module, treatments: Sequence[Treatment], course: Course
) -> torch.optim.Optimizer:
    """Return the optimiser, with two groups for each unit that learns.

    A group knows its unit (``unit``) and its rate before any schedule (``base``). Weights are
    pulled towards 0, biases and normalisations are not.

    Parameters
    ----------
    module : torch.nn.Module
        Its `requires_grad` is set as the plan has it.
    treatments : sequence of Treatment
    course : Course
    """
    import torch

    module.requires_grad_(False)
    groups: list[dict[str, Any]] = []
    for treatment in treatments:
        if treatment.frozen:
            continue
        own = list(module_of(module, treatment.unit).parameters(recurse=False))
        for pulled in (True, False):
            params = [each.requires_grad_() for each in own if (each.ndim > 1) == pulled]
            if params:
                groups.append(
                    {
                        "params": params,
                        "lr": treatment.rate,
                        "weight_decay": course.decay if pulled else 0.0,
                        "unit": treatment.unit.path,
                        "base": treatment.rate,
                    }
                )
    if course.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=course.rate, momentum=course.momentum)
    kinds: dict[str, Any] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "adagrad": torch.optim.Adagrad,
    }
    optimiser: torch.optim.Optimizer = kinds[course.optimiser](groups, lr=course.rate)
    return optimiser


def set_rates(optimiser: torch.optim.Optimizer, factor: float, scales: Mapping[str, float]) -> None:
    """Set every group's rate: its base, times the schedule's factor, times its unit's scale."""
    for group in optimiser.param_groups:
        group["lr"] = group["base"] * factor * scales.get(group["unit"], 1.0)


def relative_gradients(
    module: nn.Module, units: Iterable[Unit], losses: Iterable[torch.Tensor]
) -> dict[str, float]:
    """Measure how much each unit would change beside what it is: the scales of Auto-RGN.

    Lee et al., "Surgical fine-tuning improves adaptation to distribution shifts", ICLR 2023,
    section 5: the length of the gradient over the length of the weights, mean over some batches,
    divided by the largest of all layers. Deviation: their code does it for every tensor, here
    weights and bias of a unit count together; and it looks in evaluation mode, so that looking
    changes no statistics.

    Parameters
    ----------
    module : torch.nn.Module
    units : iterable of Unit
        Those that learn.
    losses : iterable of torch.Tensor
        The loss of each batch.

    Returns
    -------
    dict of str to float
        Unit path to a scale in [0, 1].
    """
    import torch

    own = {unit.path: list(module_of(module, unit).parameters(recurse=False)) for unit in units}
    sums = dict.fromkeys(own, 0.0)
    for loss in losses:
        module.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        for path, parameters in own.items():
            slope = sum(float((each.grad**2).sum()) for each in parameters if each.grad is not None)
            weight = sum(float((each.detach() ** 2).sum()) for each in parameters)
            sums[path] += (slope / max(weight, 1e-12)) ** 0.5
    module.zero_grad(set_to_none=True)
    largest = max(sums.values(), default=0.0)
    return {path: value / largest if largest else 1.0 for path, value in sums.items()}
