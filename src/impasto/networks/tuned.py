"""Networks that were tuned on a collection: weights, and beside them what they belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput, MissingWeights
from impasto.core.space import Preprocessing
from impasto.networks.records import Network

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1
TENSORS = "network.safetensors"
DESCRIPTION = "network.json"


def tuned_files(
    network: Network, module: nn.Module, classes: Sequence[str], about: str
) -> dict[str, bytes]:
    """Return the stored form of a tuned network: its tensors, and a description in JSON.

    Parameters
    ----------
    network : Network
        That was tuned; its preprocessing is the one that was tuned with.
    module : torch.nn.Module
        As it is now.
    classes : sequence of str
        What the outputs of the classifier stand for.
    about : str
        A sentence on how it was tuned.
    """
    from safetensors.torch import save

    tensors = {
        key: value.detach().cpu().contiguous().clone() for key, value in module.state_dict().items()
    }
    description = {
        "format": FORMAT,
        "network": network.name,
        "built_like": _origin(network),
        "tuned_from": network.weights,
        "preprocessing": asdict(network.preprocessing),
        "classes": list(classes),
        "licence": network.licence,
        "about": about,
    }
    text = json.dumps(description, indent=1, ensure_ascii=False)
    return {TENSORS: save(tensors), DESCRIPTION: text.encode()}


def _origin(network: Network) -> str:
    """Return the name of the architecture, also of a network that was tuned before."""
    file = Path(network.source) / DESCRIPTION
    if network.name.startswith("model:") and file.is_file():
        return str(_read(file)["built_like"])
    return network.name


def load_tuned(name: str, weights: Path | None, cache: Path | None) -> Network:
    """Load a tuned network from the folder that holds it.

    Parameters
    ----------
    name : str
        ``model:<name>``.
    weights : Path or None
        `TENSORS` of the model, with `DESCRIPTION` beside it.
    cache : Path or None
        Our folder of weights.

    Raises
    ------
    MissingWeights
        When it was not said where it lies.
    InvalidInput
        When the files are damaged, or of a newer format.
    """
    from impasto.networks.catalogue import load

    if weights is None:
        raise MissingWeights(
            f"{name} lies in the collection that it was tuned on: use it there, or name its "
            "folder, COLLECTION.impasto/models/NAME, as the network."
        )
    description = _read(weights.with_name(DESCRIPTION))
    try:
        inner = dict(description["preprocessing"])
        inner |= {"mean": tuple(inner["mean"]), "std": tuple(inner["std"])}
        preprocessing = Preprocessing(**inner)
        built_like, classes = str(description["built_like"]), tuple(description["classes"])
        licence = str(description["licence"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{weights.with_name(DESCRIPTION)} is damaged ({error!r}); tune the network again."
        ) from None
    return replace(
        load(built_like, weights=weights, cache=cache),
        name=name,
        preprocessing=preprocessing,
        licence=licence,
        source=str(weights.parent),
        class_names=classes,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
        newer = description["format"] > FORMAT
    except OSError as error:
        raise InvalidInput(
            f"There is no tuned network in {file.parent}: {error.strerror or error} ({file.name})."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{file} is damaged ({error!r}); tune the network again.") from None
    if newer:
        raise InvalidInput(
            f"{file} has format {description['format']}; this version of impasto reads up to "
            f"{FORMAT}. Update impasto."
        )
    result: dict[str, Any] = description
    return result


def tuned_tensors(folder: Path) -> Path | None:
    """Return the file of weights in the folder of a tuned network; None for other folders."""
    file = folder / TENSORS
    return file if file.is_file() and (folder / DESCRIPTION).is_file() else None
