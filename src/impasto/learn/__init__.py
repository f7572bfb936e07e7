"""Labels from vectors: heads, evaluation, report."""

from impasto.learn.config import Config
from impasto.learn.learn import Learned, learn
from impasto.learn.methods import METHODS, Method, Setting
from impasto.learn.model import Model, Prediction, load_model
from impasto.learn.records import Evaluation
from impasto.learn.report import card, render

__all__ = [
    "METHODS",
    "Config",
    "Evaluation",
    "Learned",
    "Method",
    "Model",
    "Prediction",
    "Setting",
    "card",
    "learn",
    "load_model",
    "render",
]
