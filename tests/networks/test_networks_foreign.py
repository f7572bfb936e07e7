from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from impasto.core.errors import InvalidInput
from impasto.networks import Network, Tap, load
from impasto.networks.taps import Tapped


def saved(module: torch.nn.Module, file: Path) -> Path:
    save_file({key: value.contiguous() for key, value in module.state_dict().items()}, file)
    return file


def vectors(network: Network, layer: str) -> Any:
    size = network.preprocessing.size
    batch = torch.randint(0, 256, (2, size, size, 3), dtype=torch.uint8)
    with torch.inference_mode():
        (result,) = Tapped(network, [Tap(layer)])(batch)
    return result


@pytest.mark.parametrize("id_", ["test_vit.r160_in1k", "test_resnet.r160_in1k", "test_convnext"])
def test_any_timm_network_from_a_file(id_: str, tmp_path: Path) -> None:
    module: Any = timm.create_model(id_).eval()
    network = load(f"timm/{id_}", weights=saved(module, tmp_path / "own.safetensors"))
    assert network.preprocessing.size == 160
    assert network.preprocessing.mean == (127.5, 127.5, 127.5)
    assert network.default_layer == "pool"
    size = network.preprocessing.size
    batch = torch.randint(0, 256, (2, size, size, 3), dtype=torch.uint8)
    x = (batch.permute(0, 3, 1, 2).float() - 127.5) / 127.5
    with torch.inference_mode():
        pool, logits = Tapped(network, [Tap("pool"), Tap("logits")])(batch)
        torch.testing.assert_close(logits, module(x), rtol=1e-4, atol=1e-5)
        features = module.forward_head(module.forward_features(x), pre_logits=True)
    torch.testing.assert_close(pool, features, rtol=1e-4, atol=1e-5)
    for layer in network.layers:
        assert vectors(network, layer).ndim == 2


def test_a_users_own_classes(tmp_path: Path) -> None:
    module = timm.create_model("test_resnet", num_classes=7)
    network = load("timm/test_resnet", weights=saved(module, tmp_path / "own.safetensors"))
    assert vectors(network, "logits").shape == (2, 7)
    assert network.class_names is None
    assert network.source == str(tmp_path / "own.safetensors")


def test_a_file_of_another_network_is_one_sentence(tmp_path: Path) -> None:
    file = saved(timm.create_model("test_vit"), tmp_path / "vit.safetensors")
    for name in ("timm/test_resnet", "torchvision/squeezenet1_0", "efficientnet-lite0", "alexnet"):
        with pytest.raises(InvalidInput) as error:
            load(name, weights=file)
        assert name in str(error.value)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 400


def test_weights_in_our_cache_are_found(tmp_path: Path) -> None:
    module = timm.create_model("test_resnet.r160_in1k")
    saved(module, tmp_path / "timm--test_resnet.r160_in1k--model.safetensors")
    network = load("timm/test_resnet.r160_in1k", cache=tmp_path)
    assert network.licence == "apache-2.0"
    assert network.source == "https://huggingface.co/timm/test_resnet.r160_in1k"
    assert network.class_names is not None


@pytest.mark.parametrize(
    ("id_", "last"), [("squeezenet1_0", "classifier.1"), ("mobilenet_v3_small", "classifier.3")]
)
def test_any_torchvision_network_from_a_file(id_: str, last: str, tmp_path: Path) -> None:
    module = torchvision.models.get_model(id_).eval()
    torch.save(module.state_dict(), tmp_path / "own.pth")
    network = load(f"torchvision/{id_}", weights=tmp_path / "own.pth")
    transforms = torchvision.models.get_model_weights(id_).DEFAULT.transforms()
    assert network.preprocessing.short_side == transforms.resize_size[0]
    assert network.preprocessing.size == transforms.crop_size[0]
    assert network.preprocessing.interpolation == transforms.interpolation.value
    assert vectors(network, "pool").shape[1] == module.state_dict()[f"{last}.weight"].shape[1]
    batch = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    mean, std = torch.tensor(transforms.mean), torch.tensor(transforms.std)
    with torch.inference_mode():
        expected = module(((batch / 255 - mean) / std).permute(0, 3, 1, 2))
        if "logits" in network.layers:
            (logits,) = Tapped(network, [Tap("logits")])(batch)
            torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-4)
    assert ("logits" in network.layers) == (id_ == "mobilenet_v3_small")


def test_the_same_weights_in_two_formats_are_the_same_weights(tmp_path: Path) -> None:
    module = timm.create_model("test_resnet")
    torch.save({"state_dict": module.state_dict(), "epoch": 4}, tmp_path / "a.pth")
    saved(module, tmp_path / "b.safetensors")
    first = load("timm/test_resnet", weights=tmp_path / "a.pth")
    second = load("timm/test_resnet", weights=tmp_path / "b.safetensors")
    assert first.weights == second.weights
