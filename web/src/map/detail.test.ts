import { describe, expect, it } from "vitest";

import { gridded, level, scattered, spacing } from "./detail";

describe("the size of pictures", () => {
  const spread = { spacing: 0.01, whole: 700 };

  it("is a multiple of their mean distance when everything is in view", () => {
    expect(scattered(spread, 700, 1)).toBeCloseTo(7);
    expect(scattered(spread, 700, 2)).toBeCloseTo(14);
  });

  it("knows how far apart they lie in a box, and on a line, which has no area", () => {
    expect(spacing(1, 0.5, 50)).toBeCloseTo(0.1);
    expect(spacing(1, 0, 4)).toBeCloseTo(0.25);
    expect(spacing(0, 0, 1)).toBeCloseTo(0.001);
  });

  it("grows less than their distances, so that they come apart", () => {
    const [near, far] = [scattered(spread, 7000, 1), scattered(spread, 700, 1)];
    expect(near / far).toBeGreaterThan(4);
    expect(near / far).toBeLessThan(10);
    expect(scattered(spread, 1e9, 1)).toBeLessThanOrEqual(300);
    expect(scattered(spread, 1, 1)).toBeGreaterThan(1);
  });

  it("leaves a gap on a grid at every zoom", () => {
    for (const scale of [300, 1000, 9000]) expect(gridded(0.01, scale)).toBeLessThan(0.01 * scale);
  });
});

describe("the level of detail", () => {
  it("is as fine as the pixels drawn", () => {
    expect(level(2, 1, 16)).toBe("dots");
    expect(level(10, 1, 16)).toBe("sheets");
    expect(level(18, 2, 16)).toBe("chosen");
    expect(level(60, 1, 16)).toBe("chosen");
    expect(level(60, 2, 16)).toBe("thumbnails");
    expect(level(90, 1, 64)).toBe("sheets"); // there is nothing between
    expect(level(200, 1, 64)).toBe("thumbnails");
  });
});
