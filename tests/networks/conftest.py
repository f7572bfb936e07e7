from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto.networks import Network, load


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Keep torch from spreading small work over cores that other tests use."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def lite() -> Network:
    return load("efficientnet-lite0")


@pytest.fixture(scope="session")
def alexnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the true shape and format, drawn at random, small enough not to overflow."""
    import torchvision

    with torch.device("meta"):
        shapes = torchvision.models.alexnet().state_dict()
    drawn = torch.Generator().manual_seed(0)
    state = {
        key: torch.randn(value.shape, generator=drawn) / max(1, value[0].numel()) ** 0.5
        for key, value in shapes.items()
    }
    file = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(state, file)
    return file
