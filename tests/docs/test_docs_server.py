"""docs/server.md against the keys of the pages, the routes and the limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from impasto.serve import openapi, safety, server, uploads

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")


def test_every_key_is_listed() -> None:
    rooms, keys = (
        (ROOT / "web" / "src" / "lib" / file).read_text(encoding="utf-8")
        for file in ("rooms.ts", "keys.ts")
    )
    wanted = [
        (f"g {key}", title) for title, key in re.findall(r'title: "([^"]+)", key: "(.)"', rooms)
    ]
    wanted += re.findall(r'\["([^"]+)", "([^"]+)"\]', keys[keys.index("CHEATS") :])
    listed = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|$", TEXT.split("## Another")[0], re.MULTILINE)
    assert listed == wanted
    assert len(listed) > 20


def test_every_route_is_listed() -> None:
    paths = openapi.schema()["paths"]
    wanted = {
        (f"{method.upper()} {path.lstrip('/')}", operation["description"].splitlines()[0])
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert set(re.findall(r"^\| `([A-Z]+ api/[^`]+)` \| (.+) \|$", TEXT, re.MULTILINE)) == wanted


@pytest.mark.parametrize(
    "said",
    [
        f"port {server.FIRST_PORT}",
        f"{safety.MOST_BYTES // 2**20} MB",
        f"{uploads.MOST_PIXELS // 10**6} million pixels",
        f"the latest {uploads.MOST}",
        f"at least {safety.SHORTEST_TOKEN} characters",
    ],
)
def test_the_limits_are_those_of_the_code(said: str) -> None:
    assert said in TEXT
