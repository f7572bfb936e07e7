"""Small networks with two towers, as open_clip saves them: configuration, weights, tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from kit import Own

PREPROCESSING = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
CLIP: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 64,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": 12,
        "vocab_size": 49408,
        "width": 24,
        "heads": 2,
        "layers": 2,
    },
}
SIGLIP: dict[str, Any] = {
    "embed_dim": 96,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 160,
        "timm_model_name": "test_vit3",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": "none",
    },
    "text_cfg": {
        "context_length": 8,
        "vocab_size": 7,
        "hf_tokenizer_name": "impasto/no-such-tokenizer",
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "width": 64,
        "heads": 2,
        "layers": 1,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
    },
}
VOCABULARY = ("<unk>", "</s>", "a", "red", "bird", "dog", "house")


def build(config: dict[str, Any], *, seed: int = 0, quick_gelu: bool = False) -> Any:
    """Build a network with random weights, by open_clip alone."""
    import open_clip

    torch.manual_seed(seed)
    kind = open_clip.CustomTextCLIP if config.get("custom_text") else open_clip.CLIP
    settings = {key: value for key, value in config.items() if key != "custom_text"}
    model = kind(**settings, quick_gelu=quick_gelu).eval()
    with torch.no_grad():  # as drawn, it hardly tells one text or picture from another
        for name, values in model.named_parameters():
            if name.endswith(("token_embedding.weight", "positional_embedding", "conv1.weight")):
                values.mul_(20)
    return model


def save(model: Any, folder: Path, config: dict[str, Any], **preprocessing: Any) -> Own:
    """Write a folder as `open_clip.push_to_hf_hub` does."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "open_clip_model.safetensors"
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, file)
    written = {"model_cfg": config, "preprocess_cfg": {**PREPROCESSING, **preprocessing}}
    (folder / "open_clip_config.json").write_text(json.dumps(written))
    return Own("open_clip/tiny", file)


def save_tokenizer(folder: Path) -> None:
    """Write a tokenizer of seven words in the format of Hugging Face."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}, unk_token="<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    words.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "</s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "model_max_length": 8,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def two_towers(folder: Path, *, seed: int = 0) -> Own:
    """Invent a tiny CLIP: a network name and the file of its weights."""
    return save(build(CLIP, seed=seed), folder, CLIP)
