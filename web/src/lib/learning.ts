/** The form of learning: what is shown, what is asked of the server, drawn from what it tells. */

import type { Curves, Job, Learning, LearnOption, LearnTarget, Task } from "../api/types";
import { isActive, ordered } from "./jobs";

/** A field of the form as it stands: the text of it, or a switch. */
export type Field = string | boolean;
export type Fields = Readonly<Record<string, Field>>;

/** The form as it is at first, or as a model or job was once asked for. */
export function fieldsFrom(options: readonly LearnOption[], asked: Record<string, unknown> = {}): Fields {
  return Object.fromEntries(
    options.map((option) => {
      const [outer, inner] = split(option.name);
      const inside = asked[outer];
      const given = inner === null ? inside : isRecord(inside) ? inside[inner] : undefined;
      return [option.name, fieldOf(given === undefined ? option.default : given)];
    }),
  );
}

function fieldOf(value: unknown): Field {
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(String).join(", ");
  return value === null || value === undefined ? "" : String(value as string | number);
}

/** The target that is chosen, a number perhaps as high or low; the first where none is. */
export function targetOf(learning: Learning, fields: Fields): Omit<LearnTarget, "halves"> | undefined {
  const target = learning.targets.find(({ name }) => name === fields["target"]) ?? learning.targets[0];
  return fields["read_as"] === "median" && target?.halves ? target.halves : target;
}

/** The choices of an option as the others stand; "" is what is taken when nothing is chosen. */
export function choicesOf(
  learning: Learning,
  fields: Fields,
  option: LearnOption,
  taken: Readonly<Record<string, string>> = {},
): { name: string; title: string; about: string }[] {
  if (option.name === "method") {
    const target = targetOf(learning, fields);
    return (target?.methods ?? []).map((each) =>
      each.name === target?.method ? { ...each, name: "" } : each,
    );
  }
  if (option.default !== null && option.default !== "") return option.choices;
  const usual = taken[option.name];
  const title = NOTHING[option.name] ?? (usual ? `As usual: ${usual}` : "As usual");
  return [{ name: "", title, about: "" }, ...option.choices];
}

const NOTHING: Readonly<Record<string, string>> = {
  recipe: "None: choose yourself",
  then: "Nothing",
  model: "Choose a model",
  on: "Choose a collection",
};

/** The names in a field that holds several, and the field with one of them in or out. */
export function namesIn(field: Field | undefined): string[] {
  return typeof field === "string" ? field.split(",").map((name) => name.trim()).filter(Boolean) : [];
}

export function withName(field: Field | undefined, name: string): string {
  const names = namesIn(field);
  return (names.includes(name) ? names.filter((other) => other !== name) : [...names, name]).join(", ");
}

/** The published recipe that is followed, if one is. */
export function recipeOf(learning: Learning, fields: Fields): Learning["recipes"][number] | undefined {
  return learning.recipes.find(({ name }) => name === fields["recipe"]);
}

/** What an option comes to: what the recipe settles, the method that is taken when none is named. */
function effective(learning: Learning, fields: Fields, name: string): Field {
  const field = recipeOf(learning, fields)?.settles[name] ?? fields[name] ?? "";
  return name === "method" && field === "" ? (targetOf(learning, fields)?.method ?? "") : field;
}

/** Whether an option is to be chosen as the others stand: it means something, no recipe settles it. */
export function isMeant(learning: Learning, fields: Fields, option: LearnOption): boolean {
  return recipeOf(learning, fields)?.settles[option.name] === undefined && means(learning, fields, option);
}

function means(learning: Learning, fields: Fields, option: LearnOption): boolean {
  return Object.entries(option.needs).every(([name, values]) => {
    const needed = learning.options.find((each) => each.name === name);
    return (
      values.includes(String(effective(learning, fields, name))) &&
      (needed === undefined || means(learning, fields, needed))
    );
  });
}

/** Set a field; another target, or reading of it, begins with its own method. */
export function withField(fields: Fields, name: string, value: Field): Fields {
  const next = { ...fields, [name]: value };
  const anew = (name === "target" || name === "read_as") && fields[name] !== value && "method" in fields;
  return anew ? { ...next, method: "" } : next;
}

/** The options as the API takes them: what means something and is not as it would be anyway. */
export function askedFor(learning: Learning, fields: Fields): Record<string, unknown> {
  const asked: Record<string, unknown> = {};
  for (const option of learning.options) {
    if (!isMeant(learning, fields, option)) continue;
    const field = fields[option.name];
    if (field === undefined || field === fieldOf(option.default)) continue;
    const [outer, inner] = split(option.name);
    if (inner === null) asked[outer] = written(option, field);
    else asked[outer] = { ...(isRecord(asked[outer]) ? asked[outer] : {}), [inner]: written(option, field) };
  }
  return asked;
}

function written(option: LearnOption, field: Field): unknown {
  if (typeof field === "boolean") return field;
  const text = field.trim();
  if (option.kind === "spaces") return namesIn(field).length ? namesIn(field) : null;
  if (option.kind === "words" || option.kind === "numbers") {
    const words = text
      .split(option.kind === "words" ? "," : /[\s,;]+/)
      .map((word) => word.trim())
      .filter(Boolean);
    return option.kind === "words" ? words : words.map(numberFrom);
  }
  if (text === "") return null;
  return option.kind === "whole" || option.kind === "number" ? numberFrom(text.replace(",", ".")) : text;
}

/** A number; what is none stays as it is, and the server says what is wrong with it. */
function numberFrom(text: string): number | string {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** How many options differ from what they would be anyway, among those not seen at once. */
export function changed(learning: Learning, fields: Fields): number {
  return learning.options.filter(
    (option) =>
      !option.first && isMeant(learning, fields, option) && fields[option.name] !== fieldOf(option.default),
  ).length;
}

function split(name: string): [outer: string, inner: string | null] {
  const at = name.indexOf(".");
  return at < 0 ? [name, null] : [name.slice(0, at), name.slice(at + 1)];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kinds of work in the order of the page: their names, and the word that starts them. */
export const TASKS: readonly { readonly task: Task; readonly title: string; readonly start: string }[] = [
  { task: "learn", title: "Learn from vectors", start: "Learn" },
  { task: "tune", title: "Tune a network", start: "Tune" },
  { task: "learnability", title: "What can be learned?", start: "Find out" },
  { task: "noise", title: "Look for wrong tags", start: "Look" },
  { task: "evaluate", title: "Judge a model elsewhere", start: "Judge" },
];

/** Kinds of jobs that are told on the page, and those of which a model comes. */
const TOLD: readonly string[] = TASKS.map(({ task }) => task);
const MAKING: readonly string[] = ["learn", "tune"];

/** Whether a job learns right now, or is about to. */
export function isLearning(job: Job): boolean {
  return MAKING.includes(job.kind) && isActive(job);
}

/** The runs that are told on the page: those under way, and the one that was over last. */
export function told(jobs: readonly Job[]): Job[] {
  const runs = ordered(jobs.filter(({ kind }) => TOLD.includes(kind)));
  const over = runs.find((job) => !isActive(job));
  return [...runs.filter(isActive), ...(over ? [over] : [])];
}

type Point = readonly [epoch: number, value: number];

export interface Panel {
  readonly title: string;
  /** The greatest value that is drawn. */
  readonly most: number;
  readonly lines: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

/** The small charts of tuning: losses, the measure, and every label; what is missing is left out. */
export function panelsOf(curves: Curves): Panel[] {
  const line = (of: (epoch: Curves["epochs"][number]) => number | null | undefined): Point[] =>
    curves.epochs.flatMap((epoch): Point[] => {
      const value = of(epoch);
      return value === null || value === undefined ? [] : [[epoch.epoch, value]];
    });
  const losses = [
    { name: "training", points: line(({ loss }) => loss) },
    { name: "validation", points: line(({ validation_loss }) => validation_loss) },
  ];
  const most = Math.max(1e-9, ...losses.flatMap(({ points }) => points.map(([, value]) => value)));
  if (curves.unit === "step") return [{ title: "Cost of a batch", most, lines: [{ name: "", points: losses[0]?.points ?? [] }] }];
  return [
    { title: "Loss", most, lines: losses },
    { title: curves.measure, most: 1, lines: [{ name: "", points: line(({ value }) => value) }] },
    ...curves.labels.map((label, i) => ({
      title: label,
      most: 1,
      lines: [{ name: curves.per_label, points: line(({ labels }) => labels[i]) }],
    })),
  ];
}
