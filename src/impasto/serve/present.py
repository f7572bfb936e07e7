"""Records of the rooms → schemas of the API. Nothing is computed here."""

from __future__ import annotations
