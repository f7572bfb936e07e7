import { describe, expect, it } from "vitest";
import type { Job, RetrievalResult } from "../api/types";
import { formatX, measuresOf, measuring, parseX, sortValue, surveying, xOf, type OverviewRow } from "./retrieval";
import { sortedBy } from "./models";
import { parseTerm, type Term } from "./terms";

const chance = { value: 0.5, low: 0.4, high: 0.6, chance: 0.1 };
const terms = (...texts: string[]): Term[] => texts.flatMap((text) => parseTerm(text) ?? []);

function result(space: string, depths: number[], depth: number): RetrievalResult {
  return {
    space,
    title: space,
    precision: depths.map((k) => ({ ...chance, k, value: k / 100 })),
    average_precision: chance,
    auc: chance,
    answer: "partly",
    sentence: "",
    best: [],
    worst: [],
    relevant: 5,
    images: 50,
    queries: 5,
    depth,
  };
}

function row(name: string, relevant: number, gains: Record<string, number>): OverviewRow {
  const cells = Object.entries(gains).map(([space, gain]) => ({
    space,
    gain,
    average_precision: chance,
    precision: chance,
    depth: 5,
    queries: 5,
    relevant,
    answer: "no" as const,
  }));
  return { name, relevant, cells };
}

describe("what is asked for", () => {
  it("is a label, a tag or a selection", () => {
    for (const text of ["label:a:b", "tag:50 %", "selection:x"]) {
      const x = parseX(text);
      expect(x && formatX(x)).toBe(text);
    }
    for (const text of [null, "", "image:3", "-label:a", "nonsense", "text:a cat"])
      expect(parseX(text)).toBeNull();
  });

  it("comes along from a query that has a name", () => {
    expect(xOf(terms("image:3", "-label:a", "tag:b", "label:c"))).toEqual({ kind: "tag", name: "b" });
    expect(xOf(terms("image:3"))).toBeNull();
  });
});

describe("the numbers", () => {
  it("are the answer's depth, average precision and AUC, or all depths that all spaces have", () => {
    const found = [result("a", [1, 5, 10], 10), result("b", [1, 5], 5)];
    expect(measuresOf(found, false).map(({ measure }) => measure)).toEqual([
      "Precision at 5",
      "Average precision",
      "AUC",
    ]);
    expect(measuresOf(found, true).map(({ measure }) => measure)).toEqual([
      "Precision at 1",
      "Precision at 5",
      "Average precision",
      "AUC",
    ]);
    expect(measuresOf(found, true)[1]?.estimates.map(({ value }) => value)).toEqual([0.05, 0.05]);
  });

  it("sort by name, number and space; a space without an answer comes last", () => {
    const rows = [row("b10", 3, { x: 0.2 }), row("b9", 9, { x: 0.9, y: -0.1 }), row("a", 5, { y: 0.4 })];
    const names = (by: string, descending: boolean): string[] =>
      sortedBy(rows, (each) => sortValue(each, by), descending).map(({ name }) => name);
    expect(names("name", false)).toEqual(["a", "b9", "b10"]);
    expect(names("relevant", true)).toEqual(["b9", "a", "b10"]);
    expect(names("x", true)).toEqual(["b9", "b10", "a"]);
    expect(names("y", true)[0]).toBe("a");
  });
});

describe("which job measures what is looked at", () => {
  const job = (id: string, state: string, options: Record<string, string | null>): Job => ({ id, state, options }) as unknown as Job;
  const jobs = [
    job("over", "done", { label: "cat", by: null }),
    job("cat", "running", { label: "cat", by: null }),
    job("tags", "queued", { label: null, by: "tag" }),
  ];

  it("is one of this very X", () => {
    expect(measuring(jobs, { kind: "label", name: "cat" })?.id).toBe("cat");
    expect(measuring(jobs, { kind: "label", name: "dog" })).toBeUndefined();
    expect(measuring(jobs, { kind: "tag", name: "cat" })).toBeUndefined();
    expect(measuring(jobs, null)).toBeUndefined();
  });

  it("is one of these very rows", () => {
    expect(surveying(jobs, "tag")?.id).toBe("tags");
    expect(surveying(jobs, "label")).toBeUndefined();
  });
});
