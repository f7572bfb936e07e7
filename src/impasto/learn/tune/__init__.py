"""Fine-tuning: layer plans, one training loop, and what comes out of it."""

from impasto.learn.tune.checkpoint import Keeper
from impasto.learn.tune.course import Course, chosen_course
from impasto.learn.tune.curves import Curves, Epoch, draw_curves
from impasto.learn.tune.judge import Exam, Judged, judge, tuned_card
from impasto.learn.tune.loop import Lesson, Tuned, Watch, tune
from impasto.learn.tune.model import TunedModel, load_tuned_model
from impasto.learn.tune.pictures import Pictures, fill, roomy
from impasto.learn.tune.plan import PRESETS, Plan, Rule, open_plan, parse_plan, plan_text, treat
from impasto.learn.tune.tasks import LabelTask, TagTask
from impasto.learn.tune.team import Team
from impasto.learn.tune.units import Unit, classifier_path, units_of

__all__ = [
    "PRESETS",
    "Course",
    "Curves",
    "Epoch",
    "Exam",
    "Judged",
    "Keeper",
    "LabelTask",
    "Lesson",
    "Pictures",
    "Plan",
    "Rule",
    "TagTask",
    "Team",
    "Tuned",
    "TunedModel",
    "Unit",
    "Watch",
    "chosen_course",
    "classifier_path",
    "draw_curves",
    "fill",
    "judge",
    "load_tuned_model",
    "open_plan",
    "parse_plan",
    "plan_text",
    "roomy",
    "treat",
    "tune",
    "tuned_card",
    "units_of",
]
