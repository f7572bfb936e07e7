import { expect, it } from "vitest";

import { aligned, parsePoints, type Points } from "./points";

function bytes(rows: readonly (readonly [number, ...number[]])[]): ArrayBuffer {
  const width = rows[0]?.length ?? 0;
  const view = new DataView(new ArrayBuffer(rows.length * width * 4));
  rows.forEach(([id, ...rest], row) => {
    view.setInt32(row * width * 4, id, true);
    rest.forEach((value, i) => view.setFloat32(row * width * 4 + 4 + i * 4, value, true));
  });
  return view.buffer;
}

const points = (ids: number[], x: number[]): Points => ({ ids: Int32Array.from(ids), x: Float32Array.from(x), y: Float32Array.from(x) });

it("reads places", () => {
  const read = parsePoints(bytes([[7, 0.25, 0.5], [9, 0.75, 1]]));
  expect([[...read.ids], [...read.x], [...read.y]]).toEqual([[7, 9], [0.25, 0.75], [0.5, 1]]);
  expect(parsePoints(new ArrayBuffer(0)).ids).toHaveLength(0);
});

it("brings another layout into the same order", () => {
  const ids = Int32Array.of(1, 2, 3);
  expect(aligned(ids, points([3, 1, 2, 4], [0.3, 0.1, 0.2, 0.4]))?.x).toEqual(Float32Array.of(0.1, 0.2, 0.3));
  const same = points([1, 2, 3], [1, 2, 3]);
  expect(aligned(ids, same)).toBe(same);
  expect(aligned(ids, points([1, 2], [1, 2]))).toBeNull();
});
