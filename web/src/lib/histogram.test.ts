import { describe, expect, it } from "vitest";
import {
  brushed,
  edgeAt,
  extent,
  heightOf,
  nudge,
  scaledTo,
  snap,
  stepCut,
  stepsPath,
  tableRows,
  ticks,
  togetherAt,
  toPixels,
  toValue,
  typedRange,
  writtenNumber,
} from "./histogram";

const edges = Array.from({ length: 11 }, (_, i) => i / 10);

describe("the axis", () => {
  it("shows what there is, with a little air", () => {
    const counts = [0, 0, 0, 5, 9, 2, 0, 0, 0, 0];
    const background = [0, 0, 0.4, 1, 3, 1, 0.6, 0, 0, 0];
    expect(extent(edges, counts, background)).toEqual({ low: 0.2, high: 0.8 });
  });

  it("shows everything when there is nothing", () => {
    expect(extent(edges, new Array<number>(10).fill(0))).toEqual({ low: 0, high: 1 });
  });

  it("maps values to pixels and back", () => {
    const range = { low: -0.2, high: 0.8 };
    expect(toValue(toPixels(0.3, range, 640), range, 640)).toBeCloseTo(0.3);
    expect(toPixels(0.8, range, 640)).toBeCloseTo(640);
  });

  it("has round ticks inside it", () => {
    expect(ticks({ low: -0.13, high: 0.92 }, 5)).toEqual([0, 0.5]);
    expect(ticks({ low: 0, high: 1 }, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });
});

describe("heights", () => {
  it("are 0 for nothing and 1 for the most, on both scales", () => {
    for (const scale of ["linear", "log"] as const) {
      expect(heightOf(0, 50, scale)).toBe(0);
      expect(heightOf(50, 50, scale)).toBe(1);
    }
    expect(heightOf(5, 50, "linear")).toBeCloseTo(0.1);
    expect(heightOf(5, 50, "log")).toBeGreaterThan(0.4);
  });

  it("draw steps that begin and end on the base line", () => {
    const path = stepsPath({ edges: [0, 1, 2], counts: [1, 2] }, { low: 0, high: 2 }, { width: 20, height: 10 }, 2, "linear", true);
    expect(path).toBe("M0.00 10V5.00H10.00V0.00H20.00V10Z");
  });
});

describe("a typed range", () => {
  it("is taken as it is, not moved to a bar's edge", () => {
    expect(typedRange("0.4137", " 1 ")).toEqual({ low: 0.4137, high: 1 });
    expect(typedRange("-1", "-0.5")).toEqual({ low: -1, high: -0.5 });
  });

  it("says what is wrong", () => {
    expect(typedRange("", "0.5")).toMatch(/two numbers/);
    expect(typedRange("0.5", "much")).toMatch(/two numbers/);
    expect(typedRange("0.5", "0.5")).toMatch(/ends above/);
    expect(typedRange("0.6", "0.5")).toMatch(/ends above/);
    expect(typedRange("-1.2", "0.5")).toMatch(/between/);
    expect(typedRange("2", "1")).toMatch(/between/);
    expect(typedRange("0.5", "1.01")).toMatch(/between/);
  });

  it("is written without the dust of binary fractions", () => {
    expect(writtenNumber(0.1 + 0.2)).toBe("0.3");
    expect(writtenNumber(-0.415)).toBe("-0.415");
  });
});

describe("the brush", () => {
  it("snaps to bars, in either direction, and never closes", () => {
    expect(snap(0.44, edges)).toBe(0.4);
    expect(brushed(0.71, 0.32, edges)).toEqual({ low: 0.3, high: 0.7 });
    expect(brushed(0.5, 0.51, edges)).toEqual({ low: 0.5, high: 0.6 });
    expect(brushed(1, 1, edges)).toEqual({ low: 0.9, high: 1 });
  });

  it("moves by keys, one bar or ten, and its ends never cross", () => {
    const brush = { low: 0.3, high: 0.5 };
    expect(nudge(brush, "low", "ArrowLeft", false, edges)).toEqual({ low: 0.2, high: 0.5 });
    expect(nudge(brush, "low", "End", false, edges)).toEqual({ low: 0.4, high: 0.5 });
    expect(nudge(brush, "high", "ArrowRight", true, edges)).toEqual({ low: 0.3, high: 1 });
    expect(nudge(brush, "high", "Home", false, edges)).toEqual({ low: 0.3, high: 0.4 });
    expect(nudge(brush, "high", "Tab", false, edges)).toBeNull();
  });
});

describe("the cut", () => {
  it("stands on an edge and moves by keys", () => {
    expect(edgeAt(0.44, edges)).toBe(4);
    expect(stepCut(0.4, "ArrowRight", false, edges)).toBe(0.5);
    expect(stepCut(0.4, "ArrowLeft", true, edges)).toBe(0);
    expect(stepCut(0.9, "End", false, edges)).toBe(1);
    expect(stepCut(0.9, "ArrowRight", true, edges)).toBe(1);
    expect(stepCut(0.9, "x", false, edges)).toBeNull();
  });
});

describe("sets of different sizes", () => {
  it("are drawn as if they were as large", () => {
    expect(scaledTo(100, [1, 3], 4)).toEqual([25, 75]);
    expect(scaledTo(100, [0, 0], 0)).toEqual([0, 0]);
  });
});

describe("the table", () => {
  it("holds the bars in view, most similar first", () => {
    const rows = tableRows(
      {
        edges: [0, 0.5, 1],
        counts: [3, 1],
        background: [3.9, 0.1],
        above: [4, 1, 0],
        shares: [1, 0.1, null],
      },
      { low: 0, high: 1 },
    );
    expect(rows).toEqual([
      { low: 0.5, high: 1, count: 1, background: 0.1, above: 1, share: 0.1 },
      { low: 0, high: 0.5, count: 3, background: 3.9, above: 4, share: 1 },
    ]);
    const half = tableRows(
      { edges: [0, 0.5, 1], counts: [3, 1], background: [4, 0], above: [4, 1, 0], shares: [1, 0, null] },
      { low: 0.5, high: 1 },
    );
    expect(half).toHaveLength(1);
  });
});

describe("labels of a range", () => {
  it.each([
    ["wide: one at each end", 100, 200, null],
    ["narrow: one for both, in the middle", 300, 310, 259],
    ["narrow, at the left", 0, 4, 0],
    ["narrow, at the right", 596, 600, 508],
  ])("%s", (_, low, high, at) => expect(togetherAt(low, high, 600)).toBe(at));
});
