import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Loader, type Supply } from "./loader";
import type { Painter } from "./painter";

/** A painter that only remembers what it was told. */
function notebook(room = 4): Painter & { sheets: Map<number, number>; held: Map<number, number> } {
  const [sheets, held] = [new Map<number, number>(), new Map<number, number>()];
  return {
    kind: "webgl",
    copies: true,
    room: { chosen: room, thumbnails: room },
    sheets,
    held,
    open: () => {},
    sheet: (n, sizes) => void sheets.set(n, sizes.length),
    keep: () => {},
    assign: (_, point, slot) => void (slot < 0 ? held.delete(point) : held.set(point, slot)),
    look: () => {},
    paint: () => {},
    close: () => {},
  };
}

const ids = Int32Array.from({ length: 20 }, (_, point) => 100 + point);
const supplied = (part: Partial<Supply> = {}): Supply => ({
  sheet: () => Promise.resolve(new Blob()),
  chosen: () => Promise.resolve(new Blob()),
  thumbnails: (wanted) => Promise.resolve(wanted.map(() => null)),
  ...part,
});

beforeEach(() => vi.stubGlobal("createImageBitmap", () => Promise.resolve({ close: () => {} })));
afterEach(() => vi.unstubAllGlobals());

it("loads every sheet once, with its smaller copies, and says how far it is", async () => {
  const painter = notebook();
  const asked: number[] = [];
  let told = 0;
  const supply = supplied({ sheet: (_, page) => (asked.push(page), Promise.resolve(new Blob())) });
  const loader = new Loader(painter, supply, ids, [0, 3, 4, 7, 9, 11], 16, () => (told += 1));
  await loader.start();
  expect(asked).toEqual([0, 3, 4, 7, 9, 11]);
  expect([...painter.sheets]).toEqual([0, 1, 2, 3, 4, 5].map((n) => [n, 3])); // 16, 8 and 4 pixels
  expect(loader.progress).toEqual({ done: 6, failed: 0, total: 6 });
  expect(told).toBe(6);
});

it("tries again, and counts what can not be had", async () => {
  const tries = new Map<number, number>();
  const supply = supplied({
    sheet: (_, page) => {
      tries.set(page, (tries.get(page) ?? 0) + 1);
      return page === 2 || (page === 1 && tries.get(1) === 1) ? Promise.reject(new Error("away")) : Promise.resolve(new Blob());
    },
  });
  const loader = new Loader(notebook(), supply, ids, [0, 1, 2], 8, () => {}, 1);
  await loader.start();
  expect(loader.progress).toEqual({ done: 2, failed: 1, total: 3 });
  expect([...tries.values()]).toEqual([1, 2, 4]);
});

it("asks for finer pictures in one request, once, and lets the longest unused go", async () => {
  const painter = notebook();
  const asked: (readonly number[])[] = [];
  const supply = supplied({ chosen: (wanted) => (asked.push(wanted), Promise.resolve(new Blob())) });
  const loader = new Loader(painter, supply, ids, [], 16, () => {});
  const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
  loader.want("chosen", [1, 2, 3]);
  await settled();
  loader.want("chosen", [3, 1]);
  await settled();
  expect(asked).toEqual([[101, 102, 103]]);
  loader.want("chosen", [5, 6]); // four slots: the picture of point 2 has to go
  await settled();
  expect([...painter.held.keys()].sort((a, b) => a - b)).toEqual([1, 3, 5, 6]);
  expect(new Set(painter.held.values()).size).toBe(4);
  loader.want("chosen", [7, 8, 9, 10, 11, 12]); // more than there is room for: the first ones
  await settled();
  expect([...painter.held.keys()].sort((a, b) => a - b)).toEqual([7, 8, 9, 10]);
});

it("does not ask twice for what failed, and nothing after it was stopped", async () => {
  let asked = 0;
  const supply = supplied({ chosen: () => ((asked += 1), Promise.reject(new Error("gone"))) });
  const loader = new Loader(notebook(), supply, ids, [1, 2], 16, () => {});
  loader.want("chosen", [1]);
  await new Promise((done) => setTimeout(done, 5));
  loader.want("chosen", [1]);
  await new Promise((done) => setTimeout(done, 5));
  expect(asked).toBe(1);
  loader.stop();
  await loader.start();
  loader.want("chosen", [2]);
  expect(asked).toBe(1);
  expect(loader.progress.done).toBe(0);
});
