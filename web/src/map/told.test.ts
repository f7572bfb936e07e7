import { describe, expect, it } from "vitest";

import type { Values } from "../api/types";
import { categoryColour } from "./colour";
import { litPoints, toldOf, waysOf } from "./told";

const values = (part: Partial<Values>): Values => ({
  by: "label", title: "Label", kind: "category", categories: [], low: null, high: null, missing: 0, total: 0, ...part,
});
const labels = values({ categories: [{ name: "cat", count: 2 }, { name: "dog", count: 1 }] });

describe("what a map can be coloured by", () => {
  it("leaves out what the collection lacks", () => {
    expect(waysOf(null, [], 0)).toEqual([]);
    const facets = { labels: [], splits: [], properties: [{ name: "made_in", type: "int" as const, count: 1 }], tags: [{ name: "sea", count: 3 }] };
    expect(waysOf(facets, [], 3)).toEqual([
      ["What is known", [["placed", "How they got their place"]]],
      ["Property", [["property:made_in", "made in"]]],
      ["Tag", [["tag:sea", "sea"]]],
    ]);
  });

  it("offers errors, probabilities and answers of a model", () => {
    expect(waysOf(null, [{ name: "m" }], 0)[0]?.[1].map(([by]) => by)).toEqual(["model:m:error", "model:m:score", "model:m"]);
  });
});

describe("what is told of one picture", () => {
  it("is its category", () => {
    expect(toldOf(labels, 1, "light")).toEqual({ title: "Label", text: "dog", colour: categoryColour(1, "light") });
    expect(toldOf(labels, -1, "dark")).toEqual({ title: "Label", text: "none", colour: categoryColour(-1, "dark") });
  });

  it("is its number, or none", () => {
    const years = values({ title: "year", kind: "number", low: 1900, high: 2000 });
    expect(toldOf(years, 1950.25, "light").text).toBe("1950.25");
    expect(toldOf(years, NaN, "light").text).toBe("none");
    expect(toldOf(years, 1900, "light").colour).not.toBe(toldOf(years, 2000, "light").colour);
  });
});

describe("lit points", () => {
  const ids = new Int32Array([5, 6, 7, 8]);
  const codes = new Int32Array([0, 1, 0, -1]);

  it("are all where nothing is asked", () => {
    expect(litPoints(ids, null, [], labels, codes)).toBeNull();
    expect(litPoints(ids, null, ["cat"], values({ kind: "number" }), codes)).toBeNull();
  });

  it("meet search and legend both", () => {
    expect([...(litPoints(ids, null, ["cat"], labels, codes) ?? [])]).toEqual([0, 2]);
    expect([...(litPoints(ids, new Set([7, 8]), [], labels, codes) ?? [])]).toEqual([2, 3]);
    expect([...(litPoints(ids, new Set([6, 7]), ["cat", "dog"], labels, codes) ?? [])]).toEqual([1, 2]);
    expect(litPoints(ids, new Set(), ["cat"], labels, codes)?.size).toBe(0);
  });
});
