import { describe, expect, it } from "vitest";
import {
  follow,
  justify,
  layout,
  move,
  place,
  reveal,
  rowOf,
  scrollFor,
  stepSize,
  TALLEST,
  visible,
  WIDEST,
} from "./grid";

describe("layout", () => {
  it("fills the width exactly with square tiles", () => {
    for (const width of [320, 390, 768, 1017, 1280, 2560]) {
      for (const wanted of [72, 168, 360]) {
        const grid = layout(width, 1000, wanted, 10);
        expect(grid.columns * grid.tile + (grid.columns - 1) * grid.gap).toBeCloseTo(width);
        expect(grid.rows).toBe(Math.ceil(1000 / grid.columns));
      }
    }
  });

  it("keeps two columns on a phone and survives nothing at all", () => {
    expect(layout(358, 10, 360, 6).columns).toBe(2);
    expect(layout(0, 0, 168, 10)).toMatchObject({ rows: 0, height: 0 });
  });
});

/** Shapes like those of a real collection, the same each time, with some never read. */
function shapes(n: number): { length: number; at(index: number): number } {
  return {
    length: n,
    at: (i) => (i % 31 === 0 ? 0 : i % 97 === 0 ? 9 : 0.6 + (((i * 2654435761) >>> 0) % 1000) / 800),
  };
}

describe("rows of pictures in their own shapes", () => {
  it("fill the width exactly, about as high as wanted", () => {
    for (const width of [320, 390, 1017, 2560]) {
      const grid = justify(width, shapes(2000), 168, 10);
      let next = 0;
      for (let row = 0; row < grid.rows; row += 1) {
        expect(grid.first(row)).toBe(next);
        next = grid.first(row + 1);
        const last = place(grid, next - 1);
        expect(last.y).toBeCloseTo(grid.top(row), 6);
        if (row === grid.rows - 1) continue;
        expect(last.x + last.width).toBeCloseTo(width, 4);
        expect(grid.side(row)).toBeGreaterThan(168 / 2.6);
        expect(grid.side(row)).toBeLessThan(168 * 2.6);
      }
      expect(next).toBe(2000);
      expect(grid.height).toBeCloseTo(grid.top(grid.rows - 1) + grid.side(grid.rows - 1), 6);
    }
  });

  it("keep the shapes, but for those nobody could see", () => {
    const grid = justify(1000, shapes(200), 168, 10);
    for (let i = 0; i < 200; i += 1) {
      const { width, height } = place(grid, i);
      const own = shapes(200).at(i);
      expect(width / height).toBeCloseTo(own === 0 ? 1 : Math.min(WIDEST, own), 6);
    }
  });

  it("take a million pictures, and find each where it lies", () => {
    const grid = justify(1280, shapes(1_000_000), 168, 10);
    for (const index of [0, 1, 499_999, 777_777, 999_999]) {
      const { y, height } = place(grid, index);
      const seen = visible(grid, y + height / 2, 1, 0);
      expect(seen.first).toBeLessThanOrEqual(index);
      expect(seen.last).toBeGreaterThan(index);
      expect(grid.first(rowOf(grid, index))).toBe(seen.first);
    }
  });

  it("are walked through up and down by the nearest middle", () => {
    const grid = justify(1000, shapes(500), 168, 10);
    let at = 3;
    while (rowOf(grid, at) < grid.rows - 1) {
      const to = move(grid, at, "ArrowDown", 800) ?? -1;
      expect(rowOf(grid, to)).toBe(rowOf(grid, at) + 1);
      const [here, there] = [place(grid, at), place(grid, to)];
      const gap = Math.abs(here.x + here.width / 2 - there.x - there.width / 2);
      expect(gap).toBeLessThanOrEqual(Math.max(here.width, there.width));
      expect(rowOf(grid, move(grid, to, "ArrowUp", 800) ?? -1)).toBe(rowOf(grid, at));
      at = to;
    }
    expect(move(grid, at, "ArrowDown", 800)).toBe(at);
    expect(move(grid, 2, "PageUp", 800)).toBe(0);
    expect(move(grid, 499, "PageDown", 800)).toBe(499);
  });

  it("of nothing, and of one, and before the page has a width", () => {
    expect(justify(1000, shapes(0), 168, 10)).toMatchObject({ rows: 0, height: 0, count: 0 });
    expect(justify(0, shapes(9), 168, 10)).toMatchObject({ rows: 0, height: 0 });
    const one = justify(1000, shapes(1), 168, 10);
    expect(place(one, 0)).toEqual({ x: 0, y: 0, width: 168, height: 168 });
    expect(visible(one, 0, 800)).toEqual({ first: 0, last: 1 });
  });
});

describe("visible", () => {
  it("draws every tile in view and few besides, wherever one looks", () => {
    const grid = layout(1000, 100_003, 168, 10);
    for (let top = 0; top < grid.height; top += 9973) {
      const { first, last } = visible(grid, top, 800, 2);
      const inView = (index: number): boolean => {
        const { y } = place(grid, index);
        return y + grid.tile > top && y < top + 800;
      };
      for (const index of [first - 1, last])
        if (index >= 0 && index < grid.count) expect(inView(index)).toBe(false);
      expect(last - first).toBeLessThan((800 / grid.row + 7) * grid.columns);
    }
    expect(visible(grid, grid.height - 800, 800).last).toBe(100_003);
  });
});

describe("move", () => {
  const grid = layout(1000, 23, 190, 10); // five columns, the last row has three
  it.each([
    ["ArrowRight", 4, 5],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 2, 7],
    ["ArrowDown", 19, 22],
    ["ArrowDown", 21, 21],
    ["ArrowUp", 3, 3],
    ["ArrowUp", 8, 3],
    ["Home", 12, 0],
    ["End", 3, 22],
    ["PageDown", 0, 15],
    ["PageUp", 21, 1],
    ["ArrowRight", -1, 0],
  ])("%s from %i goes to %i", (key, from, to) => {
    expect(grid.columns).toBe(5);
    expect(move(grid, from, key, 800)).toBe(to);
  });

  it("moves nothing for other keys or in an empty grid", () => {
    expect(move(grid, 3, "a", 800)).toBeNull();
    expect(move(layout(1000, 0, 190, 10), 0, "End", 800)).toBeNull();
  });
});

describe("reveal", () => {
  const grid = layout(1000, 1000, 190, 10);
  it("scrolls as little as shows the whole tile", () => {
    expect(reveal(grid, 0, 0, 800)).toBe(0);
    expect(reveal(grid, 12, 0, 800)).toBe(0);
    const far = reveal(grid, 500, 0, 800);
    const { y } = place(grid, 500);
    expect(y).toBeGreaterThanOrEqual(far);
    expect(y + grid.tile).toBeLessThanOrEqual(far + 800);
    expect(reveal(grid, 500, y + 5000, 800)).toBeLessThanOrEqual(y);
  });
});

describe("a grid taller than a browser can scroll", () => {
  const box = { height: 90_000_000, viewport: 800 };

  it("reaches both ends and moves pixel by pixel in between", () => {
    expect(follow(box, { scroll: 0, top: 0 }, TALLEST - 800).top).toBeCloseTo(90_000_000 - 800);
    const middle = follow(box, { scroll: 0, top: 0 }, 4_000_000);
    const next = follow(box, { scroll: 4_000_000, top: middle.top }, 4_000_120);
    expect(next.top - middle.top).toBe(120);
  });

  it("never ends before its pictures do, however slowly one scrolls", () => {
    let scroll = 7_990_000;
    let top = 1_000_000; // the scroll bar has run far ahead of the pictures
    for (let i = 0; i < 40_000; i += 1) {
      const to = Math.min(TALLEST - box.viewport, scroll + 100);
      const next = follow(box, { scroll, top }, to);
      expect(next.top).toBeGreaterThanOrEqual(top);
      top = next.top;
      scroll = next.anchor ?? to;
    }
    expect(top).toBeGreaterThan(4_900_000);
  });

  it("puts the scroll bar where the picture is", () => {
    for (const top of [0, 12_345_678, 90_000_000 - 800])
      expect(follow(box, { scroll: -1e9, top: 0 }, scrollFor(box, top)).top).toBeCloseTo(top, 3);
  });

  it("is plain scrolling while it fits", () => {
    const small = { height: 50_000, viewport: 800 };
    expect(follow(small, { scroll: 0, top: 0 }, 1234)).toEqual({ top: 1234, anchor: null });
    expect(scrollFor(small, 1234)).toBe(1234);
  });
});

it("steps through the tile sizes and stays within them", () => {
  expect(stepSize(168, 1)).toBe(216);
  expect(stepSize(170, -1)).toBe(128);
  expect(stepSize(360, 1)).toBe(360);
  expect(stepSize(72, -1)).toBe(72);
});
