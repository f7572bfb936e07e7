"""The command line: one small function per command, loaded only when it is called."""

from impasto.cli.main import main

__all__ = ["main"]
