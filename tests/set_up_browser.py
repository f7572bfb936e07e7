"""See that the browser tests have a Chromium: install Debian's where we may, else say what to do.

Run by ``make test`` before pytest. Exit code 1 only under ``CI=true``, where nothing may be
skipped; elsewhere the browser tests skip with the reason printed here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome on the PATH (or in IMPASTO_TEST_CHROMIUM)."""
    named = os.environ.get("IMPASTO_TEST_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def install_with_apt() -> str | None:
    """Try Debian's package; return what went wrong, or None."""
    if not shutil.which("apt-get"):
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "installing it takes root (sudo apt-get install chromium)"
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return f"`{' '.join(command)}` failed: {done.stderr.strip().splitlines()[-1:]}"
    return None


def main() -> int:
    """Install when needed and possible; report in one line."""
    if found := find_chromium():
        sys.stdout.write(f"browser tests: {found}\n")
        return 0
    problem = install_with_apt()
    if found := find_chromium():
        sys.stdout.write(f"browser tests: installed {found}\n")
        return 0
    sys.stdout.write(f"browser tests: no Chromium, and {problem}: they will be skipped.\n")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
