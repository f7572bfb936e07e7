from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.registry import Registry
from impasto.networks import DEFAULT, Network, Tap, catalogue, load, networks


def test_catalogue_lists_the_networks_with_what_a_user_asks() -> None:
    infos = {info.name: info for info in catalogue()}
    assert list(infos) == ["efficientnet-lite0", "alexnet", "vgg16", "vgg19"]
    assert infos[DEFAULT].weights_at_hand
    assert Path(infos[DEFAULT].where).is_file()
    for info in infos.values():
        assert info.licence
        assert info.source
        assert info.default_layer in {layer.name for layer in info.layers}


def test_catalogue_finds_a_file_in_our_cache(tmp_path: Path) -> None:
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(b"weights")
    infos = {info.name: info for info in catalogue(cache=tmp_path)}
    assert infos["vgg19"].weights_at_hand
    assert infos["vgg19"].where == str(tmp_path / "vgg19-dcbb9e9d.pth")
    assert not infos["vgg16"].weights_at_hand


def test_listing_networks_loads_nothing_heavy() -> None:
    code = (
        "import sys, impasto.networks as n, impasto.embed; n.catalogue();"
        "print([m for m in ('torch', 'timm', 'torchvision', 'openvino', 'sklearn', 'pyarrow',"
        " 'huggingface_hub') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_unknown_network_suggests_near_names() -> None:
    with pytest.raises(NotFound, match=r"No network 'vgg91'\. Did you mean 'vgg19'"):
        load("vgg91")
    with pytest.raises(NotFound, match="timm/resnet50"):
        load("timm/resnet5O")
    with pytest.raises(NotFound, match="torchvision/resnet18"):
        load("torchvision/resnet81")


def test_unknown_layer_suggests_near_names(lite: Network) -> None:
    with pytest.raises(NotFound, match=r"No layer of efficientnet-lite0 'stage9'.*'stage7'"):
        lite.canonical("stage9")


def test_every_name_of_a_layer_becomes_one(lite: Network) -> None:
    assert lite.canonical("pool") == "pool"
    assert lite.canonical("classifier:input") == "pool"
    assert lite.canonical("blocks.2") == "stage3"
    assert lite.canonical("blocks.2.0.conv_dw") == "blocks.2.0.conv_dw"
    assert lite.path("stage3") == "blocks.2"
    assert Tap("pool").pooling == "mean"


def test_a_stranger_registers_a_recipe_as_we_do() -> None:
    assert isinstance(networks, Registry)
    with pytest.raises(InvalidInput, match="already"):
        networks.register(DEFAULT, networks[DEFAULT])
