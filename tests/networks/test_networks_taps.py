from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.core.errors import InvalidInput
from impasto.core.space import Preprocessing
from impasto.networks import Network, Tap, load, networks
from impasto.networks.taps import Tapped

Maps = dict[str, Tensor]


def pixels(count: int, size: int = 224) -> Tensor:
    drawn = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, size, size, 3), dtype=torch.uint8, generator=drawn)


def normalised(batch: Tensor, network: Network) -> Tensor:
    settings = network.preprocessing
    x = (batch.float() - torch.tensor(settings.mean)) / torch.tensor(settings.std)
    return x.permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def alexnet(alexnet_file: Path) -> Network:
    return load("alexnet", weights=alexnet_file)


def test_alexnets_layers_are_what_caffe_calls_them(alexnet: Network) -> None:
    """Run the layers one after another, by hand, and compare every named one."""
    features, classifier = alexnet.module.features, alexnet.module.classifier
    assert isinstance(features, nn.Sequential)
    assert isinstance(classifier, nn.Sequential)
    batch = pixels(1)
    x = normalised(batch, alexnet)
    maps: Maps = {}
    names = iter(list(alexnet.layers)[:-1])
    with torch.inference_mode():
        for module in features:
            x = nn.functional.relu(x) if isinstance(module, nn.ReLU) else module(x)
            if isinstance(module, (nn.ReLU, nn.MaxPool2d)):
                maps[next(names)] = x.mean((2, 3))
        x = x.flatten(1)
        for module in classifier:
            x = nn.functional.relu(x) if isinstance(module, nn.ReLU) else module(x)
            if isinstance(module, nn.ReLU):
                maps[next(names)] = x
        maps["fc8"] = x
        ours = Tapped(alexnet, [Tap(name) for name in alexnet.layers])(batch)
    assert list(maps) == list(alexnet.layers)
    for name, vectors in zip(alexnet.layers, ours, strict=True):
        torch.testing.assert_close(vectors, maps[name], rtol=1e-4, atol=1e-5)
    for layer, (_, dimension) in networks["alexnet"].layers.items():
        assert maps[layer].shape[1] == dimension


def test_before_and_after_an_in_place_relu_are_two_things(alexnet: Network) -> None:
    """Caffe's trap: the blob fc7 is changed in place after it was computed."""
    tapped = Tapped(alexnet, [Tap("classifier.4"), Tap("fc7"), Tap("relu7")])
    with torch.inference_mode():
        before, after, alias = tapped(pixels(2))
    assert (before < 0).any()
    torch.testing.assert_close(before.clamp(min=0), after)
    assert torch.equal(after, alias)
    assert alexnet.canonical("relu7") == "fc7"


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_vggs_layers_have_their_classic_names_and_sizes(name: str) -> None:
    """On shapes alone: half a gigabyte of numbers would teach no more."""
    recipe = networks[name]
    network = Network(
        name=name,
        module=recipe.build(1000).eval(),
        layers={layer: path for layer, (path, _) in recipe.layers.items()},
        default_layer=recipe.default_layer,
        preprocessing=recipe.preprocessing,
        weights="",
        licence="",
        source="",
        aliases=recipe.aliases,
    )
    convolutions = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}[name]
    expected = [
        layer
        for block, count in enumerate(convolutions, 1)
        for layer in (*(f"conv{block}_{i + 1}" for i in range(count)), f"pool{block}")
    ]
    assert list(network.layers) == [*expected, "fc6", "fc7", "fc8"]
    for layer, path in network.layers.items():
        module = network.module.get_submodule(path)
        kind = {"conv": nn.ReLU, "pool": nn.MaxPool2d, "fc8": nn.Linear}
        wanted = kind.get(layer[:4], kind.get(layer, nn.ReLU))
        assert isinstance(module, wanted), layer
    tapped = Tapped(network, [Tap(layer) for layer in network.layers]).to("meta")
    vectors = tapped(torch.empty((2, 224, 224, 3), dtype=torch.uint8, device="meta"))
    shapes = [tuple(part.shape) for part in vectors]
    assert shapes == [(2, dimension) for _, dimension in recipe.layers.values()]
    assert network.canonical(f"relu5_{convolutions[4]}") == f"conv5_{convolutions[4]}"


def test_pooling_is_over_positions(lite: Network) -> None:
    batch = pixels(2)
    taps = [Tap("stage3", "mean"), Tap("stage3", "max"), Tap("stage3", "none")]
    with torch.inference_mode():
        mean, largest, flat = Tapped(lite, taps)(batch)
    assert flat.shape == (2, 40 * 28 * 28)
    maps = flat.reshape(2, 40, 28, 28)
    torch.testing.assert_close(mean, maps.mean((2, 3)))
    assert torch.equal(largest, maps.amax((2, 3)))


def test_several_taps_in_one_pass_are_each_what_they_are_alone(lite: Network) -> None:
    batch, layers = pixels(2), ["stem", "stage7", "pool", "logits"]
    with torch.inference_mode():
        together = Tapped(lite, [Tap(layer) for layer in layers])(batch)
        for layer, vectors in zip(layers, together, strict=True):
            (alone,) = Tapped(lite, [Tap(layer)])(batch)
            assert torch.equal(alone, vectors)


class Tokens(nn.Module):
    """A transformer in outline: a class token and a register in front of four patches."""

    num_prefix_tokens = 2

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Identity()
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        patches = nn.functional.avg_pool2d(x, 4).flatten(2)
        ahead = torch.full((len(x), 3, 2), 1e6)
        tokens = self.block(torch.cat([ahead, patches], 2).transpose(1, 2))
        result: Tensor = self.head(tokens[:, 0])
        return result


def network_of(module: nn.Module, **settings: object) -> Network:
    return Network(
        name="small",
        module=module.eval(),
        layers={"block": "block"},
        default_layer="block",
        preprocessing=Preprocessing(size=8, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 8.0), **settings),  # type: ignore[arg-type]
        weights="0",
        licence="",
        source="",
    )


def test_tokens_are_pooled_over_the_patches_only() -> None:
    network = network_of(Tokens())
    batch = pixels(3, size=8)
    with torch.inference_mode():
        mean, largest, flat, cls = Tapped(
            network,
            [Tap("block"), Tap("block", "max"), Tap("block", "none"), Tap("head:input")],
        )(batch)
    x = normalised(batch, network)
    torch.testing.assert_close(mean, x.mean((2, 3)))
    assert largest.shape == (3, 3)
    assert (largest < 1e5).all()
    assert flat.shape == (3, 6 * 3)
    assert (cls == 1e6).all()


def test_channels_in_the_order_the_network_wants() -> None:
    class Echo(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Conv2d(3, 3, 1, groups=3, bias=False)
            nn.init.ones_(self.block.weight)

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.block(x)
            return result

    batch = torch.tensor([10, 20, 30], dtype=torch.uint8).expand(1, 8, 8, 3)
    rgb, bgr = (
        Tapped(network_of(Echo(), channels=order), [Tap("block")])(batch)[0].tolist()
        for order in ("rgb", "bgr")
    )
    assert rgb == [[(10 - 1) / 2, (20 - 2) / 4, (30 - 3) / 8]]
    assert bgr == [[(30 - 1) / 2, (20 - 2) / 4, (10 - 3) / 8]]


def test_layers_that_give_no_vectors_are_refused_in_words() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Linear(8, 1)
            self.pair = Pair()
            self.unused = nn.Linear(1, 1)

        def forward(self, x: Tensor) -> Tensor:
            self.pair(x)
            result: Tensor = self.block(x)
            return result

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    network = network_of(Odd())
    with pytest.raises(InvalidInput, match="pair of small gives a tuple"):
        Tapped(network, [Tap("pair")])(pixels(1, 8))
    with pytest.raises(InvalidInput, match="does not compute unused"):
        Tapped(replace(network, module=Odd()), [Tap("unused")])(pixels(1, 8))
    with pytest.raises(InvalidInput, match="at least one layer"):
        Tapped(network, [])


def test_closing_leaves_the_network_as_it_was(lite: Network) -> None:
    before = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in lite.module.modules())
    Tapped(lite, [Tap("pool"), Tap("stem")]).close()
    after = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in lite.module.modules())
    assert after == before
