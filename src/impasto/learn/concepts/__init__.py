"""Tags as concepts: which of them are noise, which can be learned, which can't be seen."""

from impasto.learn.concepts.crossfit import OutOfSample, gathered, out_of_sample
from impasto.learn.concepts.learnability import Concept, Learnability, LearnOften, learnability
from impasto.learn.concepts.noise import Noise, TagNoise, check_cleanlab, find_noise, noise_shares
from impasto.learn.concepts.report import draw_learnability, render_learnability

__all__ = [
    "Concept",
    "LearnOften",
    "Learnability",
    "Noise",
    "OutOfSample",
    "TagNoise",
    "check_cleanlab",
    "draw_learnability",
    "find_noise",
    "gathered",
    "learnability",
    "noise_shares",
    "out_of_sample",
    "render_learnability",
]
