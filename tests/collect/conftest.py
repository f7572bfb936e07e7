"""Fixtures of the room: the zoo of bad files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from zoo import build_zoo


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the zoo, and what must become of each file."""
    folder = tmp_path_factory.mktemp("zoo")
    return folder, dict(build_zoo(folder))
