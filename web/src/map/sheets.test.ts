import { describe, expect, it } from "vitest";

import { cellsOf, COLUMNS, LAYER, pageOf, pagesOf, perLayer, PER_SHEET, placeOf, sideFor, SIDES } from "./sheets";

const MB = 2 ** 20;

describe("sheets", () => {
  it("hold 1,024 ids each", () => {
    expect([0, 1, 1023, 1024, 5000].map(pageOf)).toEqual([0, 0, 0, 1, 4]);
    expect(pagesOf(Int32Array.of(5000, 3, 1024, 4, 4999))).toEqual([0, 1, 4]);
  });

  it("say where on which sheet an image is", () => {
    const ids = Int32Array.of(5000, 3, 1024);
    const cells = cellsOf(ids, pagesOf(ids));
    expect([...cells].map((cell) => [Math.floor(cell / PER_SHEET), cell % PER_SHEET])).toEqual([
      [2, 5000 - 4 * 1024],
      [0, 3],
      [1, 0],
    ]);
  });

  it("fill the layers of a texture without overlaps", () => {
    for (const side of SIDES) {
      const size = COLUMNS * side;
      const corners = Array.from({ length: perLayer(side) * 2 }, (_, n) => placeOf(n, side));
      expect(new Set(corners.map(({ layer, x, y }) => `${layer} ${x} ${y}`)).size).toBe(corners.length);
      for (const { layer, x, y } of corners) {
        expect([x % size, y % size]).toEqual([0, 0]);
        expect(Math.max(x, y) + size).toBeLessThanOrEqual(LAYER);
        expect(layer).toBeLessThan(2);
      }
    }
  });

  it("are as fine as fits", () => {
    const most = { bytes: 160 * MB, layers: 64 };
    const side = (images: number): number => sideFor(Math.ceil(images / PER_SHEET), most);
    expect([1_900, 10_000, 30_000, 100_000, 500_000, 1_000_000].map(side)).toEqual([64, 64, 32, 16, 8, 8]);
    expect(sideFor(40, { bytes: 1000 * MB, layers: 10 })).toBe(32);
  });
});
