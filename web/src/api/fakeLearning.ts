/** Learning without a server: two targets, a few options of every kind, made-up scores. */

import type { Estimate, Learning, LearnOption, Model, ModelDetail, ModelsCompared, Outlook } from "./types";

function option(name: string, kind: LearnOption["kind"], more: Partial<LearnOption> = {}): LearnOption {
  const words = name.slice(name.indexOf(".") + 1).replaceAll("_", " ");
  return {
    name,
    kind,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    help: "What it does.",
    default: null,
    choices: [],
    low: null,
    high: null,
    needs: {},
    first: false,
    ...more,
  };
}

const named = (...names: string[]): { name: string; title: string; about: string }[] =>
  names.map((name) => ({ name, title: name.replaceAll("-", " "), about: "" }));

export function fakeLearning(): Learning {
  return {
    targets: [
      {
        name: "label",
        title: "The label of a picture",
        method: "linear-svm",
        methods: named("linear-svm", "rbf-svm", "logistic"),
        least: 2,
        halves: null,
      },
      { name: "tags", title: "Its tags", method: "logistic", methods: named("logistic", "steps"), least: 20, halves: null },
    ],
    recipes: [
      {
        name: "someone2017",
        title: "Steps by entropy",
        work: "Someone, 2017",
        settles: { target: "tags", method: "steps", "tagging.sampler": "entropy" },
        published: "It came out well.",
        deviations: [],
        space: null,
        needs: "",
      },
    ],
    options: [
      option("target", "choice", { default: "label", choices: named("label", "tags"), first: true }),
      option("method", "choice", { first: true }),
      option("space", "space", { first: true }),
      option("folds", "whole", { low: 2, high: 50, first: true }),
      option("test", "number", { default: 0.2, needs: { folds: [""] }, first: true }),
      option("recipe", "choice", { choices: named("someone2017"), first: true }),
      option("only", "words", { default: [] }),
      option("group_duplicates", "switch", { default: true }),
      option("tagging.aim", "choice", {
        default: "f1",
        choices: named("f1", "recall"),
        needs: { target: ["tags"] },
      }),
      option("tagging.sampler", "choice", {
        default: "random",
        choices: named("random", "entropy"),
        needs: { method: ["steps"] },
      }),
      option("tagging.candidates", "whole", { default: 5, needs: { "tagging.sampler": ["entropy"] } }),
    ],
  };
}

export function fakeOutlook(options: Record<string, unknown>): Outlook {
  const folds = options["folds"];
  return typeof folds === "number" && folds < 2
    ? { sentence: "", problems: [{ option: "folds", message: `It is at least 2, not ${folds}.` }], taken: {} }
    : { sentence: "7 labels, on 4,545 pictures.", problems: [], taken: { name: "label-linear-svm", min_images: "2" } };
}

export function fakeModel(model: Model): ModelDetail {
  const [first, second] = model.labels;
  return {
    ...model,
    baselines: [
      {
        name: "chance",
        title: "Drawing a class from a hat",
        metrics: Object.fromEntries(
          Object.entries(model.metrics).map(([name, { chance }]) => [name, flat(chance)]),
        ),
      },
    ],
    scores: model.labels.map((name, i) => ({
      name,
      tested: 10 + i,
      estimates: { top1: { ...flat(0.5 + i / 20), chance: 0.2 }, precision: i ? flat(0.6) : null },
      numbers: { answered: 9 + i },
    })),
    mistakes: first && second ? [{ truth: first, answer: second, images: 3 }] : [],
    has_curves: false,
    has_report: true,
    card: {},
  };
}

export function fakeModelsCompared(models: readonly Model[]): ModelsCompared {
  const names = models[0]?.labels ?? [];
  return {
    target: "label",
    models: models.map(({ name }) => name),
    images: 200,
    distinct: 190,
    names,
    tested: names.map((_, i) => 10 + i),
    rows: models.map(({ name, metrics }, row) => ({
      name,
      title: name,
      kind: "model",
      measures: { ...metrics, macro_f1: row ? null : flat(0.5) },
      classes: names.map((_, i) => ({ f1: flat(0.5 + i / 20 - row / 10) })),
    })),
    pairs: models.slice(1).map(({ name }) => ({
      first: models[0]?.name ?? "",
      second: name,
      measure: "top1",
      difference: { value: 0.1, low: 0.02, high: 0.18, chance: 0 },
      test: "mcnemar",
      p: 0.01,
      corrected: 0.02,
      first_alone: 30,
      second_alone: 10,
    })),
    gaps: [],
    resamples: 1000,
    notes: [],
  };
}

function flat(value: number): Estimate {
  return { value, low: value, high: value, chance: value };
}
