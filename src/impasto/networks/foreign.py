"""Any network of timm or torchvision, by its id, with any module path as layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput, MissingWeights, NotFound, not_found
from impasto.core.space import Interpolation, Preprocessing
from impasto.networks.recipes import class_names
from impasto.networks.records import INPUT, Network
from impasto.networks.weights import (
    Published,
    State,
    digest,
    load_strictly,
    obtain,
    read_weights,
)

if TYPE_CHECKING:
    from torch import nn

POOL = "pool"
"""Our name for what goes into the classifier: the usual vector of a network."""

LOGITS = "logits"


def load_timm(name: str, weights: Path | None, cache: Path | None) -> Network:
    """Load ``timm/<id>``: architecture, preprocessing, licence and address are timm's.

    Parameters
    ----------
    name : str
        With ``timm/`` in front; the id may carry a tag (``resnet50.a1_in1k``).
    weights : Path or None
        The user's own file; its number of classes may differ from the published one.
    cache : Path or None
        Our folder of weights.
    """
    import timm
    from timm.data.config import resolve_data_config
    from timm.models import get_pretrained_cfg

    id_ = name.removeprefix("timm/")
    known = timm.list_models() + timm.list_pretrained()
    if id_ not in known:
        raise not_found("network", name, (f"timm/{known_id}" for known_id in known))
    published: Any = get_pretrained_cfg(id_)
    config: dict[str, Any] = published.to_dict()
    file = weights or _timm_file(name, config, cache)
    state = read_weights(file)
    classifier = _first(config.get("classifier"))
    overlay: dict[str, Any] = {"state_dict": state}
    if weights is not None and classifier and f"{classifier}.weight" in state:
        overlay["num_classes"] = len(state[f"{classifier}.weight"])
    try:
        module = timm.create_model(
            id_,
            pretrained=True,
            pretrained_cfg_overlay=overlay,
            num_classes=overlay.get("num_classes"),
        )
    except (RuntimeError, KeyError) as error:
        raise InvalidInput(
            f"{file} does not hold weights of {name}: {_complaint(error)}."
        ) from None
    module = module.eval().requires_grad_(False)
    stages = {part["module"]: part["module"] for part in _stages(module) if part.get("module")}
    settings: dict[str, Any] = resolve_data_config({}, pretrained_cfg=config)  # type: ignore[no-untyped-call]
    return Network(
        name=name,
        module=module,
        layers=stages | _ends(module, classifier),
        default_layer=POOL if classifier else _last(module),
        preprocessing=_timm_preprocessing(name, settings),
        weights=digest(module),
        licence=config.get("license") or "unknown",
        source=str(weights) if weights else f"https://huggingface.co/{config['hf_hub_id']}",
        class_names=class_names(config["num_classes"], own=weights is not None),
    )


def _timm_file(name: str, config: Mapping[str, Any], cache: Path | None) -> Path:
    repository = config.get("hf_hub_id")
    if repository:
        from huggingface_hub import hf_hub_url

        filename = config.get("hf_hub_filename") or "model.safetensors"
        return obtain(
            Published(name, hf_hub_url(repository, filename), filename, repository), cache
        )
    if config.get("url"):
        return obtain(Published(name, config["url"], Path(config["url"]).name), cache)
    raise MissingWeights(
        f"timm publishes no weights for {name}: choose a variant of it that has some, or name a "
        "file with --weights FILE."
    )


def _timm_preprocessing(name: str, settings: Mapping[str, Any]) -> Preprocessing:
    _, height, width = settings["input_size"]
    if height != width:
        raise InvalidInput(f"{name} reads {width} × {height} pixels; only squares are supported.")
    return Preprocessing(
        size=height,
        crop=settings["crop_pct"],
        fit="squash" if settings["crop_mode"] == "squash" else "crop",
        interpolation="bilinear" if settings["interpolation"] == "bilinear" else "bicubic",
        mean=_times255(settings["mean"]),
        std=_times255(settings["std"]),
    )


def _stages(module: nn.Module) -> list[dict[str, Any]]:
    """Return timm's own list of stages, where a network has one."""
    info: object = getattr(module, "feature_info", None)
    info = getattr(info, "info", info)
    return [part for part in info if isinstance(part, dict)] if isinstance(info, list) else []


def load_torchvision(name: str, weights: Path | None, cache: Path | None) -> Network:
    """Load ``torchvision/<id>`` (classification networks), as `load_timm` does timm's."""
    import torchvision

    id_ = name.removeprefix("torchvision/")
    known = torchvision.models.list_models(module=torchvision.models)
    if id_ not in known:
        raise not_found("network", name, (f"torchvision/{known_id}" for known_id in known))
    published = torchvision.models.get_model_weights(id_).DEFAULT
    file = weights or obtain(Published(name, published.url, Path(published.url).name), cache)
    state: State = read_weights(file)
    classifier = _last(torchvision.models.get_model(id_, weights=None))
    classes = len(state.get(f"{classifier}.weight", published.meta["categories"]))
    extras = {"init_weights": False} if id_ in {"googlenet", "inception_v3"} else {}
    module = torchvision.models.get_model(id_, weights=None, num_classes=classes, **extras).eval()
    load_strictly(module, state, name)
    transforms = published.transforms()
    return Network(
        name=name,
        module=module.requires_grad_(False),
        layers=_top(module, classifier) | _ends(module, classifier),
        default_layer=POOL,
        preprocessing=Preprocessing(
            size=transforms.crop_size[0],
            crop=min(1.0, transforms.crop_size[0] / transforms.resize_size[0]),
            interpolation=_interpolation(transforms.interpolation.value),
            mean=_times255(transforms.mean),
            std=_times255(transforms.std),
        ),
        weights=digest(module),
        licence="BSD-3-Clause",
        source=str(weights) if weights else published.url,
        class_names=class_names(classes, own=weights is not None),
    )


def _top(module: nn.Module, classifier: str) -> dict[str, str]:
    """Name the children of a network that give maps: everything before the classifier."""
    head = classifier.split(".")[0]
    return {child: child for child, _ in module.named_children() if child != head}


def _ends(module: nn.Module, classifier: str | None) -> dict[str, str]:
    if classifier is None:
        return {}
    from torch import nn

    ends = {POOL: classifier + INPUT}
    if isinstance(module.get_submodule(classifier), nn.Linear):
        ends[LOGITS] = classifier
    return ends


def _last(module: nn.Module) -> str:
    """Return the path of the last linear layer (or of the last module with weights)."""
    from torch import nn

    parts = list(module.named_modules())
    paths: list[str] = [path for path, part in parts if isinstance(part, nn.Linear)]
    paths = paths or [path for path, part in parts if hasattr(part, "weight")]
    if not paths:
        raise NotFound("The network has no layer with weights.")
    return paths[-1]


def _first(names: object) -> str | None:
    if isinstance(names, (list, tuple)):
        return str(names[0]) if names else None
    return str(names) if names else None


def _times255(values: Iterable[float]) -> tuple[float, float, float]:
    red, green, blue = (round(255 * value, 4) for value in values)
    return (red, green, blue)


def _interpolation(text: str) -> Interpolation:
    return "bicubic" if text == "bicubic" else "bilinear"


def _complaint(error: Exception) -> str:
    lines = [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if "key(s)" in line or "size mismatch" in line), lines[0])
    return told if len(told) < 200 else told[:200] + " …"
