"""Networks that know words, against open_clip itself."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from kit import Own
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from towers import CLIP, SIGLIP, build, save, save_tokenizer, two_towers

from impasto.core.errors import InvalidInput, MissingExtra, MissingWeights, NotFound
from impasto.core.space import Space
from impasto.embed import open_engine
from impasto.networks import Network, Tap, load, prepare, takes_words
from impasto.networks.joint import load_open_clip, published
from impasto.networks.taps import Tapped

TEXTS = ["a red bird", "two dogs, running", "Häuser — im Schnee"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Own:
    return two_towers(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Own:
    folder = tmp_path_factory.mktemp("siglip")
    looks = {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"}
    made = save(build(SIGLIP), folder, SIGLIP, **looks)
    save_tokenizer(folder)
    return made


def pictures() -> list[Image.Image]:
    """Smooth pictures, which two resizers agree on but for rounding."""
    drawn = np.random.default_rng(3).integers(0, 256, (4, 5, 6, 3), np.uint8)
    return [
        Image.fromarray(each).resize((300, 200 + 40 * i), Image.Resampling.BICUBIC)
        for i, each in enumerate(drawn)
    ]


def seen(network: Network, layer: str = "joint") -> NDArray[np.float32]:
    batch = np.stack([prepare(each, network.preprocessing) for each in pictures()])
    with torch.inference_mode():
        (found,) = Tapped(network, [Tap(layer)])(torch.from_numpy(batch))
    return np.asarray(found.numpy())


def units(rows: Any) -> NDArray[np.float64]:
    wide = np.asarray(rows, np.float64)
    scaled: NDArray[np.float64] = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return scaled


def words(network: Network, texts: list[str]) -> NDArray[np.float32]:
    assert network.text is not None
    return network.text.encode(texts)


def test_cosines_of_words_and_pictures_are_those_of_open_clip(tiny: Own) -> None:
    """The oracle: open_clip's own loading, transform, tokenizer and towers."""
    where = f"local-dir:{tiny.file.parent}"
    model, _, transform = open_clip.create_model_and_transforms(where)
    tokenize = open_clip.get_tokenizer(where)
    with torch.inference_mode():
        images = model.eval().encode_image(torch.stack([transform(each) for each in pictures()]))
        texts = model.encode_text(tokenize(TEXTS))
    expected = units(images) @ units(texts).T
    network = load(tiny.network, weights=tiny.file)
    assert network.default_layer == "joint"
    ours = units(seen(network)) @ units(words(network, TEXTS)).T
    np.testing.assert_allclose(ours, expected, atol=0.01)  # the resizers round differently
    assert expected.std() > 0.05, "or anything would pass"
    np.testing.assert_allclose(words(network, TEXTS), texts.numpy(), rtol=1e-4, atol=1e-5)


def test_the_engine_gives_the_joint_layer_and_the_blocks_below(tiny: Own) -> None:
    network = load(tiny.network, weights=tiny.file)
    assert list(network.layers) == ["block1", "block2", "joint"]
    engine = open_engine(network, [Tap("joint"), Tap("block2", "max")], threads=1)
    assert engine.name == "openvino"
    assert [takes_words(space) for space in engine.spaces] == [True, False]
    batch = np.zeros((engine.batch, 64, 64, 3), np.uint8)
    for row, each in enumerate(pictures()):
        batch[row] = prepare(each, network.preprocessing)
    joint, block = engine.run(batch).values
    np.testing.assert_allclose(joint[:4], seen(network), rtol=1e-3, atol=1e-4)
    # Tokens are pooled over the patches: the class token in front is left out.
    visual = network.module
    kept: list[Any] = []
    handle = visual.get_submodule("transformer.resblocks.1").register_forward_hook(
        lambda _, __, out: kept.append(out)
    )
    mean, std = (
        torch.tensor(x).reshape(1, 3, 1, 1)
        for x in (network.preprocessing.mean, network.preprocessing.std)
    )
    with torch.inference_mode():
        visual((torch.from_numpy(batch).permute(0, 3, 1, 2) - mean) / std)
    handle.remove()
    assert kept[0].shape[1] == 17
    np.testing.assert_allclose(block, kept[0][:, 1:].amax(dim=1).numpy(), rtol=1e-3, atol=1e-3)


class TestPublished:
    """Weights by tag: found in the cache, with the settings that belong to them."""

    @pytest.fixture
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        from open_clip import factory, pretrained

        tags = {
            "openai": {
                "hf_hub": "timm/small.openai/",
                "mean": (0.5, 0.4, 0.3),
                "std": (0.2, 0.2, 0.2),
                "interpolation": "bilinear",
                "resize_mode": "squash",
                "quick_gelu": True,
            },
            "other": {"hf_hub": "timm/small.other/weights.bin", "mean": (0.1, 0.1, 0.1)},
        }
        monkeypatch.setitem(factory._MODEL_CONFIGS, "small", CLIP)
        monkeypatch.setitem(pretrained._PRETRAINED, "small", tags)
        model = build(CLIP, quick_gelu=True)
        save_file(model.state_dict(), tmp_path / "timm--small.openai--open_clip_model.safetensors")
        torch.save(model.state_dict(), tmp_path / "timm--small.other--weights.bin")
        return tmp_path

    def test_settings_of_the_tag(self, cache: Path) -> None:
        network = load("open_clip/small.openai", cache=cache)
        looks = network.preprocessing
        assert (looks.fit, looks.interpolation, looks.size) == ("squash", "bilinear", 64)
        assert looks.mean == (127.5, 102.0, 76.5)
        assert network.source.startswith("https://huggingface.co/timm/small.openai/")
        quick, plain = build(CLIP, quick_gelu=True), build(CLIP)
        tokens = open_clip.SimpleTokenizer()(TEXTS, 12)
        with torch.inference_mode():
            expected, wrong = quick.encode_text(tokens), plain.encode_text(tokens)
        np.testing.assert_allclose(words(network, TEXTS), expected.numpy(), rtol=1e-3, atol=1e-4)
        assert np.abs(wrong.numpy() - expected.numpy()).max() > 1e-3, "the activation matters"

    def test_the_other_tag(self, cache: Path) -> None:
        network = load("open_clip/small.other", cache=cache)
        assert network.preprocessing.fit == "crop"
        assert network.preprocessing.mean == (25.5, 25.5, 25.5)

    def test_the_older_format(self, cache: Path) -> None:
        newer = cache / "timm--small.openai--open_clip_model.safetensors"
        before = load("open_clip/small.openai", cache=cache).weights
        torch.save(load_file(newer), cache / "timm--small.openai--open_clip_pytorch_model.bin")
        newer.unlink()
        assert load("open_clip/small.openai", cache=cache).weights == before

    def test_sentences(self, cache: Path) -> None:
        with pytest.raises(InvalidInput, match=r"tag: open_clip/small\.openai, open_clip/small\.o"):
            load("open_clip/small", cache=cache)
        with pytest.raises(InvalidInput, match="different preprocessing"):
            load("open_clip/small", weights=cache / "timm--small.other--weights.bin")
        with pytest.raises(NotFound, match=r"Did you mean 'open_clip/small\.openai'"):
            load("open_clip/small.opnai", cache=cache)
        with pytest.raises(NotFound, match="open_clip/ViT-B-32"):
            load("open_clip/ViT-B-3")
        assert [each.network for each in published("open_clip/small").values()] == [
            "open_clip/small.openai",
            "open_clip/small.other",
        ]

    def test_nowhere_to_be_had(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(MissingWeights) as said:
            load("open_clip/ViT-B-32.laion2b_s34b_b79k", cache=tmp_path)
        assert "laion/CLIP-ViT-B-32-laion2B-s34B-b79K" in str(said.value)
        assert str(tmp_path) in str(said.value)


def test_every_published_network_is_known_by_name_and_preprocessing() -> None:
    """Names, repositories and settings of all tags, without building any."""
    for architecture, tag in open_clip.list_pretrained():
        assert "." not in architecture
        place = published(f"open_clip/{architecture}")[tag]
        assert place.repository is not None
        assert place.repository.count("/") == 1
        assert place.filename
        mode = open_clip.get_pretrained_cfg(architecture, tag)["resize_mode"]
        assert mode in {"shortest", "squash"}


class TestSiglip:
    """An image tower of timm, a tokenizer of its own, pictures squashed."""

    def test_against_open_clip(self, siglip: Own) -> None:
        where = f"local-dir:{siglip.file.parent}"
        model, _, transform = open_clip.create_model_and_transforms(where)
        tokens = open_clip.get_tokenizer(where)(["A red bird!", "a dog"])
        network = load("open_clip/any-name", weights=siglip.file)
        with torch.inference_mode():
            texts = model.eval().encode_text(tokens)
            images = model.encode_image(torch.stack([transform(each) for each in pictures()]))
        found = words(network, ["A red bird!", "a dog"])
        np.testing.assert_allclose(found, texts.numpy(), rtol=1e-4, atol=1e-5)
        assert network.preprocessing.fit == "squash"
        assert (units(seen(network)) * units(images)).sum(axis=1).min() > 0.999
        assert seen(network, "blocks.3").shape == (4, 96)

    def test_the_tokenizer_is_looked_for_like_weights(
        self, siglip: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("open_clip_config.json", siglip.file.name):
            shutil.copy(siglip.file.parent / name, tmp_path / name)
        file, cache = tmp_path / siglip.file.name, tmp_path / "cache"
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        network = load("open_clip/mine", weights=file, cache=cache)
        assert seen(network).shape == (4, 96), "pictures need no tokenizer"
        with pytest.raises(MissingWeights, match="The tokenizer files of open_clip/mine are not"):
            words(network, ["a dog"])
        cache.mkdir()
        for name in ("tokenizer.json", "tokenizer_config.json"):
            place = cache / f"impasto--no-such-tokenizer--{name}"
            shutil.copy(siglip.file.parent / name, place)
        beside = load("open_clip/mine", weights=siglip.file)
        np.testing.assert_array_equal(words(network, ["a dog"]), words(beside, ["a dog"]))

    def test_a_text_that_fits_just_so(self, siglip: Own) -> None:
        network = load("open_clip/mine", weights=siglip.file)
        assert words(network, ["a red bird a red bird dog"]).shape == (1, 96)  # 7 and the end
        with pytest.raises(InvalidInput, match="reads 8 pieces of words at a time"):
            words(network, ["a dog", "a red bird a red bird dog dog"])

    def test_without_transformers(self, siglip: Own, monkeypatch: pytest.MonkeyPatch) -> None:
        network = load("open_clip/mine", weights=siglip.file)
        monkeypatch.setitem(sys.modules, "transformers", None)
        with pytest.raises(MissingExtra, match=r'pip install "impasto\[text\]"'):
            words(network, ["a dog"])


def test_a_text_that_is_too_long_is_not_cut_in_silence(tiny: Own) -> None:
    network = load(tiny.network, weights=tiny.file)
    fits = "a dog a dog a dog a dog a dog"  # ten, with beginning and end twelve
    assert words(network, [fits]).shape == (1, 16)
    with pytest.raises(InvalidInput, match="say it in fewer words"):
        words(network, [f"{fits} a"])


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(MissingExtra, match=r'pip install "impasto\[text\]"'):
        load("open_clip/ViT-B-32.openai")


def test_other_words_are_another_space(tiny: Own, tmp_path: Path) -> None:
    """The same pictures with another text tower: not the same joint space."""
    state = load_file(tiny.file)
    state["text_projection"] += 1
    shutil.copy(tiny.file.parent / "open_clip_config.json", tmp_path)
    save_file(state, tmp_path / "other.safetensors")
    first = load(tiny.network, weights=tiny.file)
    assert load(tiny.network, weights=tmp_path / "other.safetensors").weights != first.weights


def test_half_precision_files_and_those_of_openai(tiny: Own, tmp_path: Path) -> None:
    state: dict[str, Any] = {key: value.half() for key, value in load_file(tiny.file).items()}
    state |= {key: torch.tensor(1) for key in ("input_resolution", "context_length", "vocab_size")}
    state["logit_scale"] = state["logit_scale"].reshape(1)
    shutil.copy(tiny.file.parent / "open_clip_config.json", tmp_path)
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, tmp_path / "half.pt")
    network = load(tiny.network, weights=tmp_path / "half.pt")
    whole = load(tiny.network, weights=tiny.file)
    near = (units(words(network, TEXTS)) * units(words(whole, TEXTS))).sum(axis=1)
    assert near.min() > 0.999


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"multimodal_cfg": {}}, "its text tower is a language model"),
        ({"text_cfg": {"hf_model_name": "roberta-base"}}, "its text tower is a language model"),
        ({"depth": 3}, "open_clip can't build"),
        ({"embed_dim": 8}, "These are not weights of open_clip/tiny"),
    ],
)
def test_what_does_not_fit(change: Any, sentence: str, tiny: Own, tmp_path: Path) -> None:
    config = copy.deepcopy(CLIP) | change
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    file = Path(shutil.copy(tiny.file, tmp_path / "w.safetensors"))
    with pytest.raises(InvalidInput, match=sentence):
        load_open_clip("open_clip/tiny", file, None)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_cfg": 3}'])
def test_a_damaged_configuration(text: str, tiny: Own, tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(text)
    file = Path(shutil.copy(tiny.file, tmp_path / "w.safetensors"))
    with pytest.raises(InvalidInput, match="model_cfg"):
        load(tiny.network, weights=file)


def test_which_spaces_know_words() -> None:
    assert takes_words(Space("open_clip/ViT-B-32.openai", "joint", 512, "0"))
    assert not takes_words(Space("open_clip/ViT-B-32.openai", "block3", 768, "0"))
    assert not takes_words(Space("timm/vit_base_patch16_clip_224.openai", "pool", 768, "0"))
