"""Networks with two towers, pictures and words in one space: CLIP, SigLIP and their kin.

`open_clip` builds them, under its own names: ``open_clip/ViT-B-32.laion2b_s34b_b79k`` is an
architecture and the tag of its weights. The layer `JOINT` is what the image tower gives in the
end, projected into the space that it shares with the text tower; there the cosine of a text and a
picture says how well they fit.

Three settings belong to the weights and not to the architecture, and are taken from the tag:
the normalisation and the resizing of pictures, and the activation (``quick_gelu``; OpenAI's
weights with plain GELU load every tensor and are wrong).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, MissingExtra, not_found
from impasto.core.space import Preprocessing, Space
from impasto.networks.records import Network, TextTower
from impasto.networks.weights import (
    Published,
    State,
    at_hand,
    digest,
    load_strictly,
    obtain,
    read_weights,
)

if TYPE_CHECKING:
    from torch import nn

PREFIX = "open_clip/"

JOINT = "joint"
"""The layer whose vectors can be compared with words."""

CONFIG = "open_clip_config.json"
"""Lies beside weights that were saved with all that belongs to them."""

TOKENIZER = ("tokenizer.json", "tokenizer_config.json")

_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")

Config = dict[str, Any]


def takes_words(space: Space) -> bool:
    """Tell whether words can be compared with the vectors of a space.

    Examples
    --------
    >>> takes_words(Space("open_clip/ViT-B-32.openai", "joint", 512, "ab"))
    True
    >>> takes_words(Space("vgg19", "fc7", 4096, "ab"))
    False
    """
    return space.network.startswith(PREFIX) and space.layer == JOINT


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """What is built, before the weights are read.

    Parameters
    ----------
    name : str
    model : dict
        As open_clip writes it down: embed_dim, vision_cfg, text_cfg.
    pictures : dict
        mean and std (on 0-1), interpolation, resize_mode.
    file : Path
        The weights.
    source : str
    """

    name: str
    model: Config
    pictures: Config
    file: Path
    source: str


def load_open_clip(name: str, weights: Path | None, cache: Path | None) -> Network:
    """Load ``open_clip/ARCHITECTURE.TAG``, or an architecture around the user's own weights.

    Where `CONFIG` lies beside the user's file, as open_clip saves it, architecture and
    preprocessing are taken from there, and the name may be any.

    Parameters
    ----------
    name : str
    weights : Path or None
        The user's own file.
    cache : Path or None
        Our folder of weights.
    """
    design = _design(name, weights, cache)
    model = _build(design)
    state = _adapted(model, read_weights(design.file))
    load_strictly(model, state, name)
    model = model.eval().requires_grad_(False)
    tower: nn.Module = model.visual
    return Network(
        name=name,
        module=tower,
        layers=_stages(tower) | {JOINT: ""},
        default_layer=JOINT,
        preprocessing=_preprocessing(name, tower, design.pictures),
        weights=digest(model),  # of both towers: with other words it is another joint space
        licence="that of the publisher",
        source=design.source,
        text=TextTower(JOINT, _Words(model, design, cache)),
    )


def library() -> Any:
    """Import open_clip, or say how to install it."""
    try:
        import open_clip
    except ImportError:
        raise MissingExtra(
            "Networks that know words (CLIP, SigLIP) need the package open_clip: "
            'pip install "impasto[text]"'
        ) from None
    return open_clip


def published(name: str, cache: Path | None = None) -> dict[str, Published]:
    """Return the weights that are published for an architecture, by tag.

    Parameters
    ----------
    name : str
    cache : Path or None
        Our folder of weights; where a tag has two formats, the file that is here is meant.

    Raises
    ------
    NotFound
        For an architecture that open_clip does not know.
    """
    open_clip = library()
    architecture = _split(name)[0]
    if open_clip.get_model_config(architecture) is None:
        known = (f"{PREFIX}{each}" for each in open_clip.list_models())
        raise not_found("network", name, known)
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    return {tag: _published(architecture, tag, cache) for tag in tags}


def _split(name: str) -> tuple[str, str]:
    architecture, _, tag = name.removeprefix(PREFIX).partition(".")
    return architecture, tag


def _published(architecture: str, tag: str, cache: Path | None) -> Published:
    from huggingface_hub import hf_hub_url

    settings: Config = library().get_pretrained_cfg(architecture, tag)
    owner, repository, *rest = settings["hf_hub"].rstrip("/").split("/")
    names = ("/".join(rest),) if rest else _FILES
    place = f"{owner}/{repository}"
    options = [
        Published(f"{PREFIX}{architecture}.{tag}", hf_hub_url(place, file), file, place)
        for file in names
    ]
    return next((each for each in options if at_hand(each, cache)), options[0])


def _design(name: str, weights: Path | None, cache: Path | None) -> _Design:
    open_clip = library()
    if weights is not None and (weights.parent / CONFIG).is_file():
        saved = _saved(weights.parent / CONFIG)
        return _Design(
            name, saved["model_cfg"], saved.get("preprocess_cfg") or {}, weights, str(weights)
        )
    tags = published(name, cache)
    architecture, tag = _split(name)
    model: Config = open_clip.get_model_config(architecture)
    if tag:
        if tag not in tags:
            raise not_found("network", name, (f"{PREFIX}{architecture}.{each}" for each in tags))
        settings: Config = open_clip.get_pretrained_cfg(architecture, tag)
        model["quick_gelu"] = settings.get("quick_gelu", False)
        file = weights or obtain(tags[tag], cache)
        return _Design(name, model, settings, file, str(weights or tags[tag].url))
    if weights is None:
        raise InvalidInput(_which(name, list(tags)))
    every = [open_clip.get_pretrained_cfg(architecture, each) for each in tags]
    if any(_looks(one) != _looks(every[0]) for one in every[1:]):
        raise InvalidInput(
            f"Weights of {name} were trained with different preprocessing, and yours could be of "
            f"either kind. {_which(name, list(tags))}"
        )
    return _Design(name, model, every[0] if every else {}, weights, str(weights))


def _which(name: str, tags: list[str]) -> str:
    if not tags:
        return f"There are no published weights of {name}: name your own with --weights FILE."
    shown = ", ".join(f"{name}.{tag}" for tag in tags[:4])
    more = f" and {len(tags) - 4} more" if len(tags) > 4 else ""
    return f"Say which weights, with their tag: {shown}{more}."


def _looks(settings: Config) -> list[Any]:
    return [settings.get(key) for key in ("mean", "std", "interpolation", "resize_mode")]


def _saved(file: Path) -> Config:
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(saved["model_cfg"], dict):
            return dict(saved)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InvalidInput(f"{file} is not as open_clip writes it: it lacks a readable `model_cfg`.")


def _build(design: _Design) -> Any:
    """Build both towers, with any weights."""
    open_clip = library()
    settings = dict(design.model)
    words = settings.get("text_cfg") or {}
    if "multimodal_cfg" in settings or words.get("hf_model_name"):
        raise InvalidInput(
            f"{design.name} is not supported: its text tower is a language model of its own. "
            "Take a CLIP or SigLIP network, such as open_clip/ViT-B-32.laion2b_s34b_b79k."
        )
    custom = settings.pop("custom_text", False)
    kind = open_clip.CustomTextCLIP if custom else open_clip.CLIP
    try:
        return kind(**settings)
    except (TypeError, KeyError, RuntimeError) as error:
        raise InvalidInput(f"open_clip can't build {design.name}: {error}.") from None


def _adapted(model: Any, state: State) -> State:
    """Rename what older files call otherwise, as open_clip does when it loads them."""
    from open_clip.convert import convert_state_dict
    from open_clip.model import convert_to_custom_text_state_dict

    state = {key: value for key, value in state.items() if key not in _NOT_WEIGHTS}
    state = convert_state_dict(model, state)
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    for key in ("logit_scale", "logit_bias"):  # a number, or an array of one
        wanted = getattr(model, key, None)
        if key in state and wanted is not None and state[key].numel() == 1:
            state[key] = state[key].reshape(wanted.shape)
    return state


_NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
"""What OpenAI's files hold beside weights."""


def _stages(tower: nn.Module) -> dict[str, str]:
    """Name the stages of an image tower, from the input on."""
    trunk = getattr(tower, "trunk", None)
    if trunk is not None:
        info = getattr(trunk, "feature_info", None)
        parts = getattr(info, "info", info) or []
        paths = [part["module"] for part in parts if isinstance(part, dict) and part.get("module")]
        return {path: f"trunk.{path}" for path in paths}
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    numbered = {f"block{i + 1}": f"transformer.resblocks.{i}" for i in range(len(blocks))}
    named = dict(tower.named_children())
    return numbered or {f"layer{i}": f"layer{i}" for i in range(1, 5) if f"layer{i}" in named}


def _preprocessing(name: str, tower: nn.Module, settings: Mapping[str, Any]) -> Preprocessing:
    size: Any = tower.image_size
    height, width = (size, size) if isinstance(size, int) else size
    fits = {"shortest": "crop", "squash": "squash"}
    mode = settings.get("resize_mode") or "shortest"
    if height != width or mode not in fits:
        raise InvalidInput(
            f"{name} reads {width} × {height} pixels, resized by {mode!r}; only squares are "
            "supported, cut out (shortest) or squashed (squash)."
        )
    usual = library()
    return Preprocessing(
        size=height,
        crop=1.0,
        fit="squash" if mode == "squash" else "crop",
        interpolation="bilinear" if settings.get("interpolation") == "bilinear" else "bicubic",
        mean=_times255(settings.get("mean") or usual.OPENAI_DATASET_MEAN),
        std=_times255(settings.get("std") or usual.OPENAI_DATASET_STD),
    )


def _times255(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (round(255 * float(value), 4) for value in values)
    return (red, green, blue)


class _Words:
    """Texts to vectors of the joint space; the tokenizer is fetched when it is first needed."""

    def __init__(self, model: Any, design: _Design, cache: Path | None) -> None:
        self._model = model
        self._design = design
        self._cache = cache
        self._tokenizer: Any = None

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import torch

        if self._tokenizer is None:
            self._tokenizer = _tokenizer(self._design, self._cache)
        limit = int(self._model.context_length)
        tokens = self._tokenizer(list(texts), context_length=limit)
        # What is too long is cut, and only a longer reading shows that it was.
        whole = self._tokenizer(list(texts), context_length=limit + 2)
        for text, cut in zip(texts, (whole[:, :limit] != tokens).any(dim=1).tolist(), strict=True):
            if cut:
                raise InvalidInput(
                    f"{self._design.name} reads {limit} pieces of words at a time, and "
                    f"“{text[:40]}…” has more; say it in fewer words."
                )
        with torch.inference_mode():
            found = self._model.encode_text(tokens)
        return np.asarray(found.float().numpy(), np.float32)


def _tokenizer(design: _Design, cache: Path | None) -> Any:
    """Make what cuts texts into tokens: CLIP's own, or the one that belongs to the weights."""
    words = design.model["text_cfg"]
    options = words.get("tokenizer_kwargs") or {}
    name = words.get("hf_tokenizer_name")
    if not name:
        return library().SimpleTokenizer(**options)
    try:
        from open_clip.tokenizer import HFTokenizer
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtra(
            f'The words of {design.name} need the package transformers: pip install "impasto[text]"'
        ) from None
    del AutoTokenizer  # HFTokenizer imports it later, with less clear words when it is not there
    with _tokenizer_folder(design, name, cache) as folder:
        try:
            return HFTokenizer(str(folder), tokenizer_mode=words.get("tokenizer_mode"), **options)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"The tokenizer of {design.name} can't be read ({str(error).splitlines()[0]})."
            ) from None


@contextmanager
def _tokenizer_folder(design: _Design, name: str, cache: Path | None) -> Iterator[Path]:
    """Gather the files of a tokenizer: from beside the weights, or published under `name`."""
    from huggingface_hub import hf_hub_url

    beside = design.file.parent
    if (beside / TOKENIZER[0]).is_file():
        yield beside
        return
    with TemporaryDirectory(prefix="impasto-") as folder:
        for file in TOKENIZER:
            place = Published(design.name, hf_hub_url(name, file), file, name, "tokenizer files")
            shutil.copy(obtain(place, cache), Path(folder) / file)
        yield Path(folder)
