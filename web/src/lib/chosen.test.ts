import { describe, expect, it } from "vitest";

import { isSame, Marks, toggled, withRange } from "./chosen";
import { EVERYTHING } from "./view";

it("knows sets that are written alike", () => {
  expect(isSame({ ids: [1, 2] }, { ids: Int32Array.of(1, 2) })).toBe(true);
  expect(isSame({ ids: [1, 2] }, { ids: [2, 1] })).toBe(false);
  expect(isSame({ ids: [] }, { ids: [1] })).toBe(false);
  expect(isSame({ view: EVERYTHING }, { view: { ...EVERYTHING } })).toBe(true);
  expect(isSame({ view: EVERYTHING }, { view: { ...EVERYTHING, labels: ["cats"] } })).toBe(false);
  expect(isSame({ view: EVERYTHING }, { ids: [] })).toBe(false);
});

describe("a list of chosen pictures", () => {
  it("answers at once who is in it", () => {
    const marks = new Marks([5, 2, 900_000]);
    expect([2, 3, 5, 900_000, 900_001, -1].filter((id) => marks.has(id))).toEqual([2, 5, 900_000]);
    expect(marks.size).toBe(3);
    expect(new Marks([]).has(0)).toBe(false);
  });

  it("takes one picture in and out", () => {
    expect([...toggled([1, 2], 3)]).toEqual([1, 2, 3]);
    expect([...toggled(Int32Array.of(1, 2, 3), 2)]).toEqual([1, 3]);
  });

  it("takes a range of the pictures shown, forwards or backwards, each once", () => {
    const list = [9, 7, 5, 3, 1];
    expect([...withRange([5], list, 1, 3)]).toEqual([5, 7, 3]);
    expect([...withRange([], list, 4, 2)]).toEqual([5, 3, 1]);
    expect([...withRange([], list, 3, 99)]).toEqual([3, 1]);
  });

  it("holds a million", () => {
    const all = Int32Array.from({ length: 1_000_000 }, (_, i) => i + 1);
    expect(withRange([], all, 0, 999_999)).toHaveLength(1_000_000);
    expect(toggled(all, 500_000)).toHaveLength(999_999);
  });
});
