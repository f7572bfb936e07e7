from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from torchvision.models._meta import _IMAGENET_CATEGORIES

from impasto.networks import Network, Tap, load
from impasto.networks.efficientnet import find, renamed
from impasto.networks.taps import Tapped
from impasto.networks.weights import read_weights

WEIGHTS = "af7d5667b4b24dab07e7a64a7d1842733a5e084fcbafac5fb580af63324faf5e"
GOLDEN_CLASSES = [818, 918]
GOLDEN_POOL = {113: 4.82948, 897: 4.76371, 930: 3.98871, 689: 2.68887, 747: 2.66305, 468: 2.43144}
GOLDEN_NORMS = [12.5899, 13.2178]


def pixels(count: int = 2) -> torch.Tensor:
    """Return a gradient and a checkerboard, the same on every machine."""
    y, x = np.mgrid[0:224, 0:224]
    ramp = np.stack([x, y, (x + y) // 2], -1).astype(np.uint8)
    board = np.repeat(((x // 28 + y // 28) % 2 * 255).astype(np.uint8)[..., None], 3, -1)
    return torch.from_numpy(np.stack([ramp, board][:count]))


def test_the_published_file_maps_onto_timms_names_one_to_one(lite: Network) -> None:
    file = find(None)
    assert file is not None
    published = read_weights(file)
    ours = lite.module.state_dict()
    assert len(published) == 296
    names = [renamed(key) for key in published]
    assert len(set(names)) == 296
    assert {key for key in ours if not key.endswith("num_batches_tracked")} <= set(names)
    for key, name in zip(published, names, strict=True):
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(ours[name], published[key])


def test_the_weights_are_those_we_tested_with(lite: Network) -> None:
    assert lite.weights == WEIGHTS


@pytest.mark.parametrize("side", [224, 240, 65])
def test_the_architecture_is_timms_tf_efficientnet_lite0(lite: Network, side: int) -> None:
    oracle = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    oracle.load_state_dict(lite.module.state_dict())
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(lite.module(x), oracle(x), atol=1e-5)


def test_the_padding_matters(lite: Network) -> None:
    """The trap: plain efficientnet_lite0 takes every tensor and is wrong."""
    trap = timm.create_model("efficientnet_lite0", pretrained=False).eval()
    trap.load_state_dict(lite.module.state_dict())
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours, wrong = lite.module(x), trap(x)
    assert torch.cosine_similarity(ours, wrong).item() < 0.99


def test_vectors_are_what_they_were(lite: Network) -> None:
    """Golden numbers: preprocessing inside the network, weights, architecture, pooling."""
    with torch.inference_mode():
        pool, logits = Tapped(lite, [Tap("pool"), Tap("logits")])(pixels())
    assert pool.shape == (2, 1280)
    assert logits.argmax(1).tolist() == GOLDEN_CLASSES
    np.testing.assert_allclose(pool[0, list(GOLDEN_POOL)], list(GOLDEN_POOL.values()), rtol=1e-4)
    np.testing.assert_allclose(pool.norm(dim=1), GOLDEN_NORMS, rtol=1e-4)


def test_the_default_layer_is_the_input_of_the_classifier(lite: Network) -> None:
    with torch.inference_mode():
        pool, head, logits = Tapped(lite, [Tap("pool"), Tap("head"), Tap("logits")])(pixels(1))
        again = lite.module.classifier(pool)  # type: ignore[operator]
    assert torch.allclose(pool, head, atol=1e-6)
    assert torch.allclose(logits, again, atol=1e-5)


def test_class_names_are_imagenets(lite: Network) -> None:
    assert lite.class_names == tuple(_IMAGENET_CATEGORIES)
    assert lite.class_names[388] == "giant panda"


def test_loading_twice_gives_the_same_weights(lite: Network) -> None:
    assert load().weights == lite.weights
