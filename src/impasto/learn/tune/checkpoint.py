"""The state of a run between two steps, as bytes; no pickle.

Nothing random needs keeping: what is random about a step hangs on seed, epoch and step alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from impasto.learn.tune.curves import Epoch

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Tensors = dict[str, "Tensor"]


class Keeper(Protocol):
    """Where checkpoints are kept: whole, or not at all."""

    def read(self) -> bytes | None:
        """Return the latest checkpoint, if there is one."""

    def due(self) -> bool:
        """Tell whether it is time for another one, in the middle of an epoch."""

    def write(self, data: bytes) -> None:
        """Keep a checkpoint in place of the one before."""


class Forget:
    """Keep nothing."""

    def read(self) -> bytes | None:
        """Return nothing."""
        return None

    def due(self) -> bool:
        """Never ask."""
        return False

    def write(self, data: bytes) -> None:
        """Drop it."""


@dataclass
class State:
    """How far a run is.

    Parameters
    ----------
    epoch, step : int
        The next step to do.
    cost : float
        Sum of the losses of this epoch so far.
    scales : dict of str to float
        Of Auto-RGN in this epoch.
    best : dict of str to torch.Tensor
        State of the network at its best.
    history : list of Epoch
    """

    epoch: int = 0
    step: int = 0
    cost: float = 0.0
    scales: dict[str, float] = field(default_factory=dict)
    best: Tensors = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)


def copied(module: nn.Module) -> Tensors:
    """Return a copy of a network's state, on the CPU."""
    return {
        key: value.detach().cpu().clone().contiguous() for key, value in module.state_dict().items()
    }


def pack(
    state: State, module: nn.Module, optimiser: torch.optim.Optimizer | None, mark: str
) -> bytes:
    """Return a checkpoint.

    Parameters
    ----------
    state : State
    module : torch.nn.Module
    optimiser : torch.optim.Optimizer or None
    mark : str
        What the run hangs on, as a digest: another run must not go on from here.
    """
    from safetensors.torch import save

    tensors = {f"module.{key}": value for key, value in copied(module).items()}
    tensors |= {f"best.{key}": value.contiguous().clone() for key, value in state.best.items()}
    moved = optimiser.state_dict()["state"] if optimiser else {}
    for number, parts in moved.items():
        for key, value in parts.items():
            if value is not None:
                tensors[f"optimiser.{number}.{key}"] = value.detach().cpu().contiguous().clone()
    facts = {
        "mark": mark,
        "epoch": state.epoch,
        "step": state.step,
        "cost": state.cost,
        "scales": state.scales,
        "history": [epoch.to_json() for epoch in state.history],
    }
    data: bytes = save(tensors, metadata={"facts": json.dumps(facts)})
    return data


def unpack(
    data: bytes, module: nn.Module, optimiser: torch.optim.Optimizer | None, mark: str
) -> State | None:
    """Put network and optimiser back where a checkpoint had them.

    Returns
    -------
    State or None
        None when the checkpoint is of another run; nothing was changed then.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        facts = _facts(data)
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError):
        return None
    if facts["mark"] != mark:
        return None
    module.load_state_dict(_under("module.", tensors))
    if optimiser is not None:
        _restore(optimiser, _under("optimiser.", tensors))
    return State(
        epoch=facts["epoch"],
        step=facts["step"],
        cost=facts["cost"],
        scales=facts["scales"],
        best=_under("best.", tensors),
        history=[Epoch.from_json(each) for each in facts["history"]],
    )


def _restore(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Fill the optimiser's memory, each tensor laid out as its parameter is."""
    import torch

    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    for name, value in tensors.items():
        number, key = name.split(".", 1)
        parameter = parameters[int(number)]
        if value.shape == parameter.shape and key != "step":
            place = torch.empty_like(parameter, requires_grad=False)
            place.copy_(value)
            value = place
        optimiser.state[parameter][key] = value


def _facts(data: bytes) -> Mapping[str, Any]:
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    facts: Mapping[str, Any] = json.loads(header["__metadata__"]["facts"])
    return facts


def _under(prefix: str, tensors: Tensors) -> Tensors:
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
