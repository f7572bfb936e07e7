"""Several processes that tune one network together, as torchrun starts them; or just one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Team:
    """Who this process is among those that share the work.

    Each takes its part of every batch, so that the batch, and with it the result, is that of one
    process, up to rounding and to the statistics of batch normalisation, which each part has for
    itself.

    Parameters
    ----------
    rank : int
        0 is the one that judges, writes and speaks.
    size : int
    local : int
        Number of this process on its machine: its graphics card.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the process that judges and writes."""
        return self.rank == 0

    def begin(self, device: str) -> None:
        """Meet the others; the launcher's variables say where."""
        if self.size > 1:
            import torch.distributed as together

            if not together.is_initialized():
                together.init_process_group("nccl" if device.startswith("cuda") else "gloo")

    def end(self) -> None:
        """Part."""
        if self.size > 1:
            import torch.distributed as together

            together.destroy_process_group()

    def wrap(self, module: nn.Module, device: str) -> nn.Module:
        """Return a module whose gradients are the mean over all processes."""
        if self.size == 1:
            return module
        from torch.nn.parallel import DistributedDataParallel

        cards = [int(device.partition(":")[2] or 0)] if device.startswith("cuda") else None
        return DistributedDataParallel(module, device_ids=cards)

    def share(self, value: T) -> T:
        """Return what the leading process has; the others wait for it."""
        if self.size == 1:
            return value
        import torch.distributed as together

        box = [value]
        together.broadcast_object_list(box, src=0)
        return box[0]

    def check(self, batch: int) -> None:
        """Raise InvalidInput when a batch can't be shared out evenly."""
        if batch % self.size or batch // self.size < 2:
            even = max(2, -(-batch // self.size)) * self.size
            raise InvalidInput(
                f"A batch of {batch} images can't be shared out evenly among {self.size} "
                f"processes, at least 2 each; take --batch {even}."
            )
