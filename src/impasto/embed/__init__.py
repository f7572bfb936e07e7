"""Images → vectors: one embedding loop, the CPU and GPU engines."""

from impasto.embed.doctor import Machine, doctor_facts
from impasto.embed.engine import BATCH, Engine, Outcome, choose, cores, open_engine
from impasto.embed.loop import Chunk, embed

__all__ = [
    "BATCH",
    "Chunk",
    "Engine",
    "Machine",
    "Outcome",
    "choose",
    "cores",
    "doctor_facts",
    "embed",
    "open_engine",
]
