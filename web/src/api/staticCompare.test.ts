import { expect, it } from "vitest";

import { inBox, keptCompares } from "./staticCompare";

const rows = new ArrayBuffer(4 * 12);
const [ids, values] = [new Int32Array(rows), new Float32Array(rows)];
[
  [3, 0.9, 0.1],
  [5, 0.5, 0.5],
  [7, 0.2, 1],
  [8, 0.8, 0.2],
].forEach(([id = 0, x = 0, y = 0], i) => {
  ids[i * 3] = id;
  [values[i * 3 + 1], values[i * 3 + 2]] = [x, y];
});
const changes = { gains: [{ id: 7, before: 4, after: 1 }], losses: [{ id: 3, before: 1, after: 4 }] };
const scatter = { edges: [0, 1], cells: { column: [0], row: [1], count: [2] }, points: { ids: [3], x: [0.9], y: [0.1] } };
const FILES: Record<string, unknown> = {
  "compare/0": { titles: ["a", "b"] },
  "compare/0/similarities": rows,
  "compare/0/scatter/0/1": scatter,
  "compare/0/changes/0/1": changes,
  "compare/0/images/0/1/first": Int32Array.of(3, 8).buffer,
  "compare/0/file/svg": "<svg/>",
};
const source = keptCompares([{ name: "c", space: "s", k: 10, queries: [["label:a"], ["label:b"]] }], (address) => {
  const body = FILES[address];
  if (body === undefined) return Promise.reject(new Error(address));
  return Promise.resolve(new Response(body instanceof ArrayBuffer ? body : typeof body === "string" ? body : JSON.stringify(body)));
});
const asked = {
  space: "s",
  k: 10,
  queries: [
    { slot: 0, title: "", terms: ["label:a"] },
    { slot: 4, title: "", terms: ["label:b"] },
  ],
};

it("answers what was kept, either way round", async () => {
  expect((await source.compare(asked)).titles).toEqual(["a", "b"]);
  expect(await source.scatter({ ...asked, space: null }, [0, 1])).toEqual(scatter);
  expect(await source.scatter(asked, [1, 0])).toEqual({
    edges: [0, 1],
    cells: { column: [1], row: [0], count: [2] },
    points: { ids: [3], x: [0.1], y: [0.9] },
  });
  expect(await source.changes(asked, [1, 0], 5)).toEqual({
    gains: [{ id: 3, before: 4, after: 1 }],
    losses: [{ id: 7, before: 1, after: 4 }],
  });
  expect([...(await source.within(asked, [0, 1], "first"))]).toEqual([3, 8]);
  expect([...(await source.within(asked, [1, 0], "second"))]).toEqual([3, 8]);
  expect(await (await source.comparisonFile(asked, [0, 1], "svg", "")).text()).toBe("<svg/>");
});

it("says what it does not hold", async () => {
  for (const other of [{ ...asked, k: 11 }, { ...asked, space: "t" }, { ...asked, queries: asked.queries.slice(0, 1) }])
    await expect(source.compare(other)).rejects.toThrow("not others");
});

it("looks through boxes as Python does: half open but at 1, furthest out first", () => {
  const box = (low: number, high: number, bottom: number, top: number): number[] =>
    [...inBox(rows, 2, [0, 1], { low, high, bottom, top })];
  expect(box(0.75, 1, -1, 0.3)).toEqual([3, 8]);
  expect(box(-1, 0.5, 0.5, 1)).toEqual([7]);
  expect(box(-1, 1, -1, 1)).toEqual([3, 5, 7, 8]);
  expect([...inBox(rows, 2, [1, 0], { low: 0.5, high: 1, bottom: 0, top: 1 })]).toEqual([7, 5]);
});
