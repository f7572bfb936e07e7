/** What models say: the names of measures, orders of tables, the pictures behind a number. */

import type { Estimate, Model, ModelDetail, ModelsCompared, Scored } from "../api/types";
import { formatPlace } from "./hash";
import { EVERYTHING, viewParams, type View } from "./view";

const MEASURES: Readonly<Record<string, string>> = {
  top1: "Right at first",
  top5: "Among first five",
  mean_average_precision: "Mean average precision",
  average_precision: "Average precision",
  macro_f1: "Macro F1",
  micro_f1: "Micro F1",
  top_f1: "F1 of commonest tags",
  f1: "F1",
  gain: "Gain over neighbours",
  precision: "Precision",
  recall: "Recall",
  answered: "Answered",
  given: "Given",
  lift: "Lift",
  tested: "Tested",
  mae: "Mean distance",
  rmse: "Root mean square",
  r2: "R²",
  spearman: "Rank correlation",
  neighbour_average_precision: "Of the neighbours",
};

/** What people call a measure. */
export function measureTitle(name: string): string {
  const words = name.replaceAll("_", " ");
  return MEASURES[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether a measure is a distance, in the unit of the number: no share of anything, and less is better. */
export const isDistance = (name: string): boolean => name === "mae" || name === "rmse";

/** The number that models are first compared by. */
export function headline(model: Model): [name: string, estimate: Estimate] | null {
  return Object.entries(model.metrics).find(([name]) => name !== "gain") ?? null;
}

/** Measures of some models, in the order in which they come first. */
export function measuresOf(models: readonly Model[]): string[] {
  return [...new Set(models.flatMap(({ metrics }) => Object.keys(metrics)))];
}

type Cell = string | number | null;

/** What the table of models is sorted by. */
export function modelCell(model: Model, column: string): Cell {
  switch (column) {
    case "name":
    case "target":
    case "method":
    case "created":
    case "images":
      return model[column];
    case "space":
      return model.space_title;
    default:
      return model.metrics[column]?.value ?? null;
  }
}

export function scoredCell(row: Scored, column: string): Cell {
  if (column === "name" || column === "tested") return row[column];
  return row.estimates[column]?.value ?? row.numbers[column] ?? null;
}

/** As people order words: "b9" before "b10". */
const byWords = new Intl.Collator("en", { numeric: true });

/** Sort rows by a column; those without a value come last, either way. */
export function sortedBy<T>(rows: readonly T[], cell: (row: T) => Cell, descending: boolean): T[] {
  return [...rows].sort((first, second) => {
    const [a, b] = [cell(first), cell(second)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === "string" || typeof b === "string" ? byWords.compare(String(a), String(b)) : a - b;
    return descending ? -order : order;
  });
}

/** Columns of the table of labels or tags: whatever was measured of any of them. */
export function scoredColumns(rows: readonly Scored[]): string[] {
  const numbers = new Set(rows.flatMap((row) => Object.keys(row.numbers)));
  const estimates = new Set(rows.flatMap((row) => Object.keys(row.estimates)));
  return [...[...numbers].filter((name) => name !== "lift"), ...estimates, ...numbers].filter(
    (name, place, all) => all.indexOf(name) === place,
  );
}

const browse = (part: Partial<View>): string => formatPlace("browse", viewParams({ ...EVERYTHING, ...part }));

/** What a model is asked for, to sort or filter by. */
export function said(model: string, what: string): string {
  return `model:${model}:${what}`;
}

/** Everything that the model was tested on. */
export function testedView(model: string): Partial<View> {
  return { ranges: [`${said(model, "error")}=0..`] };
}

/** Where the tested pictures are, the worst first. */
export function tested(model: string): string {
  return browse({ ...testedView(model), sort: said(model, "error"), descending: true });
}

/** Where the tested pictures of a label or tag are, the worst first. */
export function ofName({ name, target }: Model, label: string): string {
  const of = target === "tags" ? { tags: [label] } : { labels: [label] };
  return browse({
    ...testedView(name),
    ...of,
    sort: said(name, target === "tags" ? `tag:${label}` : "score"),
  });
}

/** Where the pictures are that a model gave a label or tag, the surest first. */
export function answeredWith({ name, target }: Model, label: string): string {
  const sort = said(name, target === "tags" ? `tag:${label}` : "confidence");
  return browse({ answers: [`${name}=${label}`], sort, descending: true });
}

/** Where the pictures of one label are that a model took for another, the surest first. */
export function mistaken(model: string, truth: string, answer: string): string {
  return browse({ labels: [truth], answers: [`${model}=${answer}`], sort: said(model, "confidence"), descending: true });
}

/** Where the wrong answers are, the surest first. */
export function wrong(model: string): string {
  return browse({ ranges: [`${said(model, "error")}=1..`], sort: said(model, "confidence"), descending: true });
}

/** Pictures by how well a model did on them. */
export function byScore(model: string, descending: boolean): View {
  return { ...EVERYTHING, ...testedView(model), sort: said(model, "score"), descending };
}

export const byScorePlace = (model: string, descending: boolean): string => browse(byScore(model, descending));

/** What can be asked of the answers of a model, for orders and filters; the errors fall at first. */
export function answersOf(model: Model): [what: string, title: string][] {
  if (!model.tested) return [];
  if (model.target === "label")
    return [
      ["score", "Score of the true label"],
      ["confidence", "Confidence"],
      ["margin", "Margin over the second guess"],
      ["error", "Wrong answers"],
    ];
  if (model.target === "tags")
    return [
      ["score", "Score of its tags"],
      ["error", "Disagreements"],
      ["missing", "Tags that may be missing"],
      ["superfluous", "Tags that may be wrong"],
    ];
  return [
    ["predicted", "Predicted"],
    ["error", "Error"],
  ];
}

/** Orders by what a model said; `now` is among them when it asks this model for something rarer. */
export function ordersOf(model: Model, now: string): [sort: string, title: string][] {
  const orders = answersOf(model).map(([what, title]): [string, string] => [said(model.name, what), title]);
  const own = said(model.name, "");
  if (!now.startsWith(own) || orders.some(([sort]) => sort === now)) return orders;
  return [...orders, [now, now.slice(own.length).replace(/^tag:/, "Tag ")]];
}

/** A model and the ways that need no learning, with the measures that all of them have. */
export function comparable(detail: ModelDetail): { title: string; metrics: Readonly<Record<string, Estimate>> }[] {
  const ways = [{ title: detail.name, metrics: detail.metrics }, ...detail.baselines];
  const common = sharedMeasures(ways);
  return ways.map(({ title, metrics }) => ({
    title,
    metrics: Object.fromEntries(common.flatMap((name) => (metrics[name] ? [[name, metrics[name]]] : []))),
  }));
}

/** Measures that all have. */
export function sharedMeasures(all: readonly Pick<Model, "metrics">[]): string[] {
  const [first, ...others] = all;
  return Object.keys(first?.metrics ?? {}).filter(
    (name) => name !== "gain" && others.every(({ metrics }) => name in metrics),
  );
}

/** Rows of a comparison that have every measure which its models have, and these measures. */
export function comparedRows({ rows }: ModelsCompared): {
  measures: string[];
  rows: { title: string; metrics: Readonly<Record<string, Estimate>> }[];
} {
  const models = rows.filter(({ kind }) => kind === "model");
  const measures = Object.keys(models[0]?.measures ?? {}).filter((name) => models.every((row) => row.measures[name]));
  const whole = rows.filter((row) => measures.every((name) => row.measures[name]));
  return {
    measures,
    rows: whole.map(({ title, measures: own }) => ({
      title,
      metrics: Object.fromEntries(measures.flatMap((name) => (own[name] ? [[name, own[name]]] : []))),
    })),
  };
}

/** What was measured of every label or tag of a comparison. */
export function comparedScores({ rows }: ModelsCompared): string[] {
  const found = rows.flatMap(({ classes }) => classes.flatMap((one) => Object.keys(one).filter((name) => one[name])));
  return [...new Set(found)];
}

/** A p value: small ones as a bound. */
export function chanceOf(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** Where the pictures are on which one model is right and another is wrong. */
export function rightAlone(right: string, wrongOne: string): string {
  return browse({
    ranges: [`${said(right, "error")}=..0`, `${said(wrongOne, "error")}=1..`],
    sort: said(right, "score"),
    descending: true,
  });
}

/** Why models can't be compared; empty when they can. */
export function notComparable(models: readonly Model[]): string {
  const untold = models.filter(({ tested }) => !tested).map(({ name }) => name);
  if (untold.length) return `The answers of ${untold.join(", ")} were not kept; learn it again to compare.`;
  if (new Set(models.map(({ target }) => target)).size > 1) return "Models of one target can be compared, not of several.";
  return "";
}
