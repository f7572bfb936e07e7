from __future__ import annotations

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
