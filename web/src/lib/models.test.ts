import { describe, expect, it } from "vitest";
import { fakeModel, fakeModelsCompared } from "../api/fakeLearning";
import type { Model } from "../api/types";
import { parsePlace } from "./hash";
import {
  answeredWith,
  chanceOf,
  comparable,
  comparedRows,
  comparedScores,
  headline,
  isDistance,
  measureTitle,
  mistaken,
  notComparable,
  modelCell,
  ofName,
  rightAlone,
  scoredCell,
  scoredColumns,
  sharedMeasures,
  sortedBy,
  wrong,
} from "./models";
import { viewFrom } from "./view";

const model: Model = {
  name: "mine",
  title: "Labels",
  target: "label",
  method: "linear-svm",
  space: "s",
  space_title: "S pool",
  created: "2026-01-01T10:00:00Z",
  labels: ["cat", "dog"],
  images: 20,
  metrics: {
    gain: { value: 0.1, low: 0, high: 0.2, chance: 0 },
    top1: { value: 0.7, low: 0.6, high: 0.8, chance: 0.5 },
  },
  notes: [],
  recipe: null,
  tested: true,
};
const detail = fakeModel(model);
const place = (hash: string) => viewFrom(parsePlace(hash).params);

describe("tables of models", () => {
  it("calls measures by names for people", () => {
    expect(measureTitle("top1")).toBe("Right at first");
    expect(measureTitle("some_new_one")).toBe("Some new one");
    expect(headline(model)?.[0]).toBe("top1");
  });

  it("sorts by any column; what has no value comes last, either way", () => {
    const rows = [1, null, 3, 2];
    expect(sortedBy(rows, (row) => row, false)).toEqual([1, 2, 3, null]);
    expect(sortedBy(rows, (row) => row, true)).toEqual([3, 2, 1, null]);
    expect(sortedBy(["b", "a"], (row) => row, false)).toEqual(["a", "b"]);
    expect(modelCell(model, "space")).toBe("S pool");
    expect(modelCell(model, "top1")).toBe(0.7);
    expect(modelCell(model, "macro_f1")).toBeNull();
  });

  it("has a column for whatever was measured", () => {
    expect(scoredColumns(detail.scores)).toEqual(["answered", "top1", "precision"]);
    expect(scoredCell(detail.scores[1]!, "answered")).toBe(10);
    expect(scoredCell(detail.scores[0]!, "precision")).toBeNull();
  });
});

describe("the pictures behind a number", () => {
  it("are those of a label, the worst first", () => {
    expect(place(ofName(model, "cat"))).toMatchObject({
      labels: ["cat"],
      ranges: ["model:mine:error=0.."],
      sort: "model:mine:score",
      descending: false,
    });
    expect(place(ofName({ ...model, target: "tags" }, "red"))).toMatchObject({
      tags: ["red"],
      labels: [],
      sort: "model:mine:tag:red",
    });
  });

  it("are those of an answer, a mistake, all that is wrong", () => {
    expect(place(answeredWith(model, "a b"))).toMatchObject({ answers: ["mine=a b"], labels: [] });
    expect(place(mistaken("mine", "cat", "dog"))).toMatchObject({ labels: ["cat"], answers: ["mine=dog"] });
    expect(place(wrong("mine"))).toMatchObject({
      ranges: ["model:mine:error=1.."],
      sort: "model:mine:confidence",
      descending: true,
    });
  });
});

it("knows distances from shares", () => {
  expect(["mae", "r2", "rmse", "top1"].map(isDistance)).toEqual([true, false, true, false]);
});

it("says how likely a difference is by chance, and shows where it lies", () => {
  expect([0.0004, 0.04, 1].map(chanceOf)).toEqual(["< 0.001", "0.040", "1.000"]);
  expect(place(rightAlone("mine", "other")).ranges).toEqual(["model:mine:error=..0", "model:other:error=1.."]);
});

describe("models side by side", () => {
  it("share what all of them have", () => {
    const other = fakeModel({ ...model, name: "other", labels: ["dog", "eel"], metrics: { top1: model.metrics["top1"]! } });
    expect(sharedMeasures([detail, other])).toEqual(["top1"]);
    const compared = fakeModelsCompared([model, { ...model, name: "other" }]);
    expect(comparedRows(compared).measures).toEqual(["gain", "top1"]);
    expect(comparedRows(compared).rows.map(({ title }) => title)).toEqual(["mine", "other"]);
    expect(comparedScores(compared)).toEqual(["f1"]);
    expect(sharedMeasures([detail, { metrics: {} }])).toEqual([]);
    expect(sharedMeasures([])).toEqual([]);
  });

  it("are of one target, with their answers kept", () => {
    expect(notComparable([model, { ...model, name: "other" }])).toBe("");
    expect(notComparable([model, { ...model, target: "tags" }])).toContain("one target");
    expect(notComparable([model, { ...model, name: "old", tested: false }])).toContain("of old");
  });

  it("stand beside the ways that need no learning", () => {
    const ways = comparable(detail);
    expect(ways.map(({ title }) => title)).toEqual(["mine", "Drawing a class from a hat"]);
    expect(ways[1]?.metrics["top1"]?.value).toBe(0.5);
    expect(ways[0]?.metrics).not.toHaveProperty("gain");
  });
});
