import { describe, expect, it } from "vitest";
import { fakeLearning } from "../api/fakeLearning";
import type { Curves, Job } from "../api/types";
import {
  askedFor,
  changed,
  choicesOf,
  fieldsFrom,
  isLearning,
  isMeant,
  namesIn,
  panelsOf,
  targetOf,
  told,
  withField,
  withName,
} from "./learning";

const learning = fakeLearning();
const start = fieldsFrom(learning.options);
const option = (name: string) => learning.options.find((each) => each.name === name)!;
const shown = (fields: typeof start): string[] =>
  learning.options.filter((each) => isMeant(learning, fields, each)).map(({ name }) => name);

describe("the form of learning", () => {
  it("begins with what would be taken anyway, and asks for nothing", () => {
    expect(start).toMatchObject({ target: "label", method: "", test: "0.2", only: "", group_duplicates: true });
    expect(askedFor(learning, start)).toEqual({});
    expect(targetOf(learning, start)?.method).toBe("linear-svm");
  });

  it("shows what means something", () => {
    expect(shown(start)).toEqual(["target", "method", "space", "folds", "test", "recipe", "only", "group_duplicates"]);
    const tags = withField(start, "target", "tags");
    expect(shown(tags)).toContain("tagging.aim");
    expect(shown(tags)).not.toContain("tagging.sampler");
    const steps = withField(withField(tags, "method", "steps"), "tagging.sampler", "entropy");
    expect(shown(steps)).toContain("tagging.candidates");
    expect(isMeant(learning, withField(steps, "method", "logistic"), option("tagging.candidates"))).toBe(false);
    expect(shown(withField(start, "folds", "5"))).not.toContain("test");
  });

  it("takes the method of another target away", () => {
    const steps = withField(withField(start, "target", "tags"), "method", "steps");
    expect(withField(steps, "target", "label")["method"]).toBe("");
    expect(withField(steps, "target", "tags")["method"]).toBe("steps");
  });

  it("offers what is taken as usual first", () => {
    const title = (name: string, taken = {}) => choicesOf(learning, start, option(name), taken)[0];
    expect(title("method")).toEqual({ name: "", title: "linear svm", about: "" });
    expect(title("recipe")?.title).toBe("None: choose yourself");
    const fit = { ...option("recipe"), name: "fit" };
    expect(choicesOf(learning, start, fit, { fit: "crop" })[0]?.title).toBe("As usual: crop");
  });

  it("tells a number as what it is, or as high or low", () => {
    const [label] = learning.targets;
    const halves = { ...label!, name: "likes", method: "linear-svm", halves: null };
    const number = { ...halves, method: "ridge", halves };
    const both = { ...learning, targets: [number] };
    expect(targetOf(both, { target: "likes", read_as: "number" })?.method).toBe("ridge");
    expect(targetOf(both, { target: "likes", read_as: "median" })?.method).toBe("linear-svm");
    expect(withField({ method: "ridge", read_as: "number" }, "read_as", "median")["method"]).toBe("");
  });

  it("takes several spaces", () => {
    const spaces = { ...option("space"), kind: "spaces" as const };
    const several = { ...learning, options: [spaces] };
    const two = withName(withName("", "a"), "b");
    expect(namesIn(two)).toEqual(["a", "b"]);
    expect(askedFor(several, { space: two })).toEqual({ space: ["a", "b"] });
    expect(withName(two, "a")).toBe("b");
  });

  it("asks for what is different, by the names of the API", () => {
    let fields = withField(start, "target", "tags");
    fields = withField(fields, "method", "steps");
    fields = withField(fields, "tagging.sampler", "entropy");
    fields = withField(fields, "tagging.candidates", " 9 ");
    fields = withField(fields, "only", "a*, bird ,");
    fields = withField(fields, "group_duplicates", false);
    expect(askedFor(learning, fields)).toEqual({
      target: "tags",
      method: "steps",
      only: ["a*", "bird"],
      group_duplicates: false,
      tagging: { sampler: "entropy", candidates: 9 },
    });
    expect(changed(learning, fields)).toBe(4);
  });

  it("leaves it to the server to say what is wrong with a number", () => {
    expect(askedFor(learning, withField(start, "folds", "many"))).toEqual({ folds: "many" });
    expect(askedFor(learning, withField(start, "test", "0,3"))).toEqual({ test: 0.3 });
    expect(askedFor(learning, withField(start, "test", ""))).toEqual({ test: null });
  });

  it("leaves to a recipe what it settles", () => {
    const fields = withField(start, "recipe", "someone2017");
    expect(shown(fields)).toEqual([
      ...["space", "folds", "test", "recipe", "only", "group_duplicates"],
      ...["tagging.aim", "tagging.candidates"],
    ]);
    expect(askedFor(learning, withField(fields, "method", "logistic"))).toEqual({ recipe: "someone2017" });
  });

  it("reads what was asked for before", () => {
    const asked = { target: "tags", only: ["a", "b"], tagging: { aim: "recall" } };
    const fields = fieldsFrom(learning.options, asked);
    expect(fields).toMatchObject({ target: "tags", only: "a, b", "tagging.aim": "recall", folds: "" });
    expect(askedFor(learning, fields)).toEqual(asked);
  });
});

describe("runs of learning", () => {
  const job = (id: string, kind: string, state: Job["state"]): Job =>
    ({ id, kind, state, title: id }) as Job;

  it("tells those under way and the last one that is over", () => {
    const jobs = [
      job("a", "learn", "queued"),
      job("b", "embed", "running"),
      job("c", "tune", "running"),
      job("d", "learn", "failed"),
      job("e", "learn", "done"),
      job("f", "noise", "queued"),
    ];
    expect(told(jobs).map(({ id }) => id)).toEqual(["c", "a", "f", "d"]);
    expect(jobs.filter(isLearning).map(({ id }) => id)).toEqual(["a", "c"]);
    expect(told([])).toEqual([]);
  });
});

describe("curves of tuning", () => {
  const curves: Curves = {
    unit: "epoch",
    measure: "top-1",
    per_label: "recall",
    labels: ["cat", "dog"],
    total: 5,
    best: 2,
    epochs: [0, 1, 2].map((epoch) => ({
      epoch,
      rate: 1,
      loss: epoch ? 1 / epoch : null,
      value: 0.3 + epoch / 10,
      validation_loss: 1 / (epoch + 1),
      labels: [0.2 + epoch / 10, epoch ? 0.4 : null],
    })),
  };

  it("are losses, the measure and every label; gaps are left out", () => {
    const [loss, measure, ...labels] = panelsOf(curves);
    expect(loss?.lines.map(({ points }) => points.length)).toEqual([2, 3]);
    expect(loss?.most).toBe(1);
    expect(measure).toMatchObject({ title: "top-1", most: 1 });
    expect(labels.map(({ title }) => title)).toEqual(["cat", "dog"]);
    expect(labels[1]?.lines[0]?.points.map(([epoch]) => epoch)).toEqual([1, 2]);
  });

  it("of steps are their cost alone", () => {
    const steps = [10, 20].map((epoch) => ({ epoch, rate: null, loss: 20 / epoch, value: null, validation_loss: null, labels: [] }));
    const panels = panelsOf({ unit: "step", measure: "", per_label: "", labels: [], total: 20, best: 20, epochs: steps });
    expect(panels).toEqual([{ title: "Cost of a batch", most: 2, lines: [{ name: "", points: [[10, 2], [20, 1]] }] }]);
  });
});
