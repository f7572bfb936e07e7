"""Any stored model, read by what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path

from impasto.core.errors import InvalidInput
from impasto.learn.model import Model, load_model
from impasto.learn.number.model import NumberModel, load_number_model
from impasto.learn.stored import DESCRIPTION, read_files
from impasto.learn.tag_model import TARGET, TagModel, load_tag_model
from impasto.learn.tune.model import METHOD, TunedModel, load_tuned_model

AnyModel = Model | TagModel | NumberModel | TunedModel


def load_any(folder: Path) -> AnyModel:
    """Read a model of any kind from its folder."""
    try:
        description = json.loads(read_files(folder)[DESCRIPTION])
        target, method = description["target"], description["method"]
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"{folder / DESCRIPTION} is damaged ({error!r}). Learn the model again."
        ) from error
    if method == METHOD:
        return load_tuned_model(folder)
    if description.get("tells") == "number":
        return load_number_model(folder)
    return load_tag_model(folder) if target == TARGET else load_model(folder)
