"""The version, alone in a file so that the build and `impasto --version` read it cheaply."""

__version__ = "0.1.0"
