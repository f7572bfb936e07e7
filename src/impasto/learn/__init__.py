"""Labels and tags from vectors: heads, losses, samplers, evaluation, report."""

from impasto.learn.batches import BatchFigures, compare_samplers, draw_batches, usual_samplings
from impasto.learn.config import Config
from impasto.learn.grid import Grid, kernel_grid
from impasto.learn.halves import Halves
from impasto.learn.learn import Learned, learn
from impasto.learn.load import AnyModel, load_any
from impasto.learn.losses import LOSSES, Costs
from impasto.learn.methods import METHODS, Method, Setting, grid
from impasto.learn.model import Model, Prediction, load_model
from impasto.learn.number.learn import learn_number
from impasto.learn.number.model import NumberModel, NumberPrediction
from impasto.learn.number.records import NumberEvaluation
from impasto.learn.number.regressors import REGRESSORS
from impasto.learn.number.report import number_card, render_number
from impasto.learn.recipes import RECIPES, Recipe
from impasto.learn.records import Evaluation
from impasto.learn.report import card, render
from impasto.learn.samplers import SAMPLERS, Sampling, diversity, open_sampler
from impasto.learn.step_losses import StepLosses, draw_losses
from impasto.learn.tag_heads import Steps
from impasto.learn.tag_learn import TAG_METHODS, TagConfig, TagLearned, learn_tags
from impasto.learn.tag_model import TagModel, TagPrediction, load_tag_model
from impasto.learn.tag_records import TagEvaluation
from impasto.learn.tag_report import render_tags, tag_card
from impasto.learn.thresholds import Wanted, choose_thresholds
from impasto.learn.weights import cost_weights

__all__ = [
    "LOSSES",
    "METHODS",
    "RECIPES",
    "REGRESSORS",
    "SAMPLERS",
    "TAG_METHODS",
    "AnyModel",
    "BatchFigures",
    "Config",
    "Costs",
    "Evaluation",
    "Grid",
    "Halves",
    "Learned",
    "Method",
    "Model",
    "NumberEvaluation",
    "NumberModel",
    "NumberPrediction",
    "Prediction",
    "Recipe",
    "Sampling",
    "Setting",
    "StepLosses",
    "Steps",
    "TagConfig",
    "TagEvaluation",
    "TagLearned",
    "TagModel",
    "TagPrediction",
    "Wanted",
    "card",
    "choose_thresholds",
    "compare_samplers",
    "cost_weights",
    "diversity",
    "draw_batches",
    "draw_losses",
    "grid",
    "kernel_grid",
    "learn",
    "learn_number",
    "learn_tags",
    "load_any",
    "load_model",
    "load_tag_model",
    "number_card",
    "open_sampler",
    "render",
    "render_number",
    "render_tags",
    "tag_card",
    "usual_samplings",
]
