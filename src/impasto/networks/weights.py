"""Weights: where they may lie, how they are read, and what is said when there are none.

In this order: a file the user names, an installed package, the caches of this machine, a
download from the publisher. Files are read as tensors only: nothing in them is ever executed.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput, MissingWeights

if TYPE_CHECKING:
    from torch import Tensor, nn

PATIENCE = 5.0
"""Seconds that a publisher's server gets to answer before we say that it can't be reached."""

State = dict[str, "Tensor"]


@dataclass(frozen=True, slots=True)
class Published:
    """Where a publisher keeps the weights of a network.

    Parameters
    ----------
    network : str
        Name of the network, for messages.
    url : str
        Address of the file.
    repository : str or None
        Hugging Face repository, where it is one.
    filename : str
        Name of the file there, and in our own cache.
    what : str
        What the file is, in the plural; only weights can be named with ``--weights``.
    """

    network: str
    url: str
    filename: str
    repository: str | None = None
    what: str = "weights"

    @property
    def own_name(self) -> str:
        """Name of the file in our own cache: repositories all call theirs the same."""
        if self.repository is None:
            return self.filename
        return self.repository.replace("/", "--") + "--" + self.filename.replace("/", "--")

    def place(self, cache: Path | None) -> Path:
        """Return where a user may put the file: our cache, or torch's when we have none."""
        return (cache or hub_folder()) / self.own_name


def hub_folder() -> Path:
    """Return where torch keeps downloaded weights (found without importing torch)."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or f"{caches}/torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def at_hand(published: Published, cache: Path | None) -> Path | None:
    """Look for published weights in the caches of this machine: ours, torch's, Hugging Face's."""
    for place in (published.place(cache), hub_folder() / published.own_name):
        if place.is_file():
            return place
    if published.repository is not None:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(published.repository, published.filename)
        if isinstance(found, str):
            return Path(found)
    return None


def obtain(published: Published, cache: Path | None) -> Path:
    """Return the file of published weights, downloading it when it is not at hand.

    Raises
    ------
    MissingWeights
        Within a few seconds when the publisher can't be reached.
    """
    found = at_hand(published, cache)
    if found is not None:
        return found
    obstacle = _obstacle(published)
    if obstacle is None:
        try:
            return _download(published)
        except _transfer_errors() as error:
            obstacle = _first_line(error)
    naming = "name the file with --weights FILE, or " if published.what == "weights" else ""
    raise MissingWeights(
        f"The {published.what} of {published.network} are not on this machine and can't be "
        f"downloaded ({obstacle}): get {published.url} elsewhere and {naming}put it at "
        f"{published.place(cache)}."
    )


def _obstacle(published: Published) -> str | None:
    """Ask the publisher's server once, with little patience; None when it would deliver."""
    if published.repository is not None and os.environ.get("HF_HUB_OFFLINE", "") in {"1", "ON"}:
        return "HF_HUB_OFFLINE is set"
    answer: list[str | None] = [f"no answer within {PATIENCE:.0f} seconds"]

    def ask() -> None:
        answer[0] = _ask(published)

    # Resolving a name has no timeout of its own, hence the thread.
    thread = threading.Thread(target=ask, name="impasto-reach", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answer[0]


def _ask(published: Published) -> str | None:
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Stay(HTTPRedirectHandler):
        """Take "it lies over there" for a yes: the address there is signed for GET only."""

        def redirect_request(self, *_: object) -> None:
            return None

    headers = {"User-Agent": "impasto"}
    if published.repository is not None:
        from huggingface_hub import get_token

        token = get_token()
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(published.url, method="HEAD", headers=headers)  # noqa: S310 (https only)
    try:
        with build_opener(Stay).open(request, timeout=PATIENCE):
            return None
    except HTTPError as error:
        if error.code < 400:
            return None
        if error.code in {401, 403} and published.repository is not None:
            return f"{published.repository} wants you to accept its licence and log in"
        return f"the server answers {error.code}"
    except OSError as error:
        return _first_line(getattr(error, "reason", error)).lower()


def _transfer_errors() -> tuple[type[Exception], ...]:
    """Return what the libraries raise when a transfer breaks or brings other bytes."""
    usual: tuple[type[Exception], ...] = (OSError, RuntimeError)
    with suppress(ImportError):  # what huggingface_hub uses since its version 1
        import httpx

        usual += (httpx.HTTPError,)
    return usual


def _download(published: Published) -> Path:
    if published.repository is not None:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(published.repository, published.filename))
    from torch.hub import download_url_to_file

    place = hub_folder() / published.filename
    place.parent.mkdir(parents=True, exist_ok=True)
    # torchvision's names end in the first digits of the file's digest: "vgg19-dcbb9e9d.pth".
    digits = place.stem.rpartition("-")[2]
    known = digits if len(digits) == 8 and set(digits) <= set("0123456789abcdef") else None
    download_url_to_file(published.url, str(place), hash_prefix=known, progress=False)
    return place


def read_weights(file: Path) -> State:
    """Read the tensors of a safetensors or pth file; nothing in it is executed.

    Raises
    ------
    InvalidInput
        For a missing file, another format, or a file that holds more than tensors.
    """
    if not file.is_file():
        raise InvalidInput(f"There is no weights file {file}.")
    with file.open("rb") as stream:
        head = stream.read(9)
    if len(head) == 9 and head[8:] == b"{":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(file)
        except SafetensorError as error:
            raise InvalidInput(f"{file} is a damaged safetensors file ({error}).") from None
    return _tensors(_read_pickle(file), file)


def _read_pickle(file: Path) -> object:
    import pickle
    import warnings

    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles that it then refuses
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = "its bytes are not of that format"
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            reason = "it holds Python objects, which could run any code"
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, OSError) as error:
        reason = _first_line(error)
    raise InvalidInput(
        f"{file} can't be read as weights ({reason}): it should be a safetensors file, or a pth "
        "file of tensors as torch.save(module.state_dict()) writes it."
    )


def _tensors(content: object, file: Path) -> State:
    """Find the named tensors in what a training script saved around them."""
    import torch

    for key in ("state_dict_ema", "model_ema", "state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content:
        raise InvalidInput(f"{file} holds no named tensors; save module.state_dict() into it.")
    state = {str(key).removeprefix("module."): value for key, value in content.items()}
    strange = [key for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise InvalidInput(f"{file} holds something else than tensors: {_some(strange)}.")
    return state


def load_strictly(module: nn.Module, state: Mapping[str, Tensor], network: str) -> None:
    """Put weights into a module when every tensor has its place and its shape.

    Raises
    ------
    InvalidInput
        With the first names that are missing, unexpected or of another shape.
    """
    wanted = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in state.items()}
    wrong = [
        f"{key} is {_shape(given[key])} instead of {_shape(shape)}"
        for key, shape in wanted.items()
        if key in given and given[key] != shape
    ]
    missing = [key for key in wanted if key not in given and not _is_counter(key)]
    unexpected = [key for key in given if key not in wanted and not _is_counter(key)]
    complaints = [
        f"{len(names)} {what} ({_some(names)})"
        for what, names in (
            ("tensors are missing", missing),
            ("are unexpected", unexpected),
            ("have another shape", wrong),
        )
        if names
    ]
    if complaints:
        raise InvalidInput(f"These are not weights of {network}: {'; '.join(complaints)}.")
    parts = {key: state[key].float() for key in wanted if key in state and not _is_counter(key)}
    shell = any(parameter.is_meta for parameter in module.parameters())
    module.load_state_dict(parts, strict=False, assign=shell)


def digest(module: nn.Module) -> str:
    """Hash all tensors of a module: names, types, shapes, values; SHA-256, hexadecimal."""
    summary = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        if not _is_counter(key):
            array = tensor.detach().cpu().contiguous().numpy()
            summary.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
            summary.update(array.tobytes())
    return summary.hexdigest()


def _is_counter(key: str) -> bool:
    """Tell whether a tensor only counts training steps (old files lack these)."""
    return key.endswith("num_batches_tracked")


def _shape(shape: Iterable[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _first_line(error: object) -> str:
    text = ""
    with suppress(IndexError):
        text = str(error).strip().splitlines()[0]
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return text or type(error).__name__
