import { expect, it } from "vitest";

import { EVERYTHING } from "../lib/view";
import { staticSource } from "./static";
import { imageTerm } from "../lib/terms";

const near = new DataView(new ArrayBuffer(3 * 2 * 16));
[[5, 7], [3, 7], [3, 5]].forEach((ids, row) =>
  ids.forEach((id, i) => {
    near.setInt32((row * 2 + i) * 16, row === 2 && i === 1 ? -1 : id, true);
    near.setFloat32((row * 2 + i) * 16 + 4, 0.5 - 0.25 * i, true);
    near.setFloat32((row * 2 + i) * 16 + 8, 90, true);
    near.setFloat32((row * 2 + i) * 16 + 12, 2, true);
  }),
);
const card = (id: number) => ({ id, name: `${id}.png`, path: `a/${id}.png`, label: null, tags: [], flags: [], version: "v", properties: {} });
const FILES: Record<string, unknown> = {
  "data/site.json": {
    collection: { name: "birds", default_space: "s", images: 3 },
    properties: {},
    rooms: ["browse", "neighbours"],
    comparisons: [],
    distributions: [{ space: "s", terms: ["label:x"], title: "x" }],
    chunk: 2,
    per_folder: 4,
    near: {
      s: {
        k: 2,
        total: 2,
        exact: true,
        recall: 1,
        background: { mean: 0.1, std: 0.2, of: "random pairs" },
      },
    },
    answers: { "distribution/inside?space=s&term=tag:a b&of=label:x&bins=10": "answers/0.json" },
  },
  "data/ids.i32": Int32Array.of(3, 5, 7).buffer,
  "data/cards/0.json": [card(3), card(5)],
  "data/cards/1.json": [card(7)],
  "data/answers/0.json": { title: "kept" },
  "data/near/s/0.bin": near.buffer.slice(0, 64),
  "data/near/s/1.bin": near.buffer.slice(64),
};
const asked: string[] = [];
const ask = ((input: RequestInfo | URL) => {
  asked.push(String(input));
  const body = FILES[String(input)];
  if (body === undefined) return Promise.resolve(new Response("", { status: 404 }));
  return Promise.resolve(new Response(body instanceof ArrayBuffer ? body : JSON.stringify(body)));
}) as typeof fetch;

it("reads what was written down, and no more of it than is needed", async () => {
  const source = await staticSource("data/", ask);
  expect(source.served).toBe(false);
  expect([...source.rooms]).toEqual(["browse", "neighbours"]);
  expect(Array.from(await source.order(EVERYTHING))).toEqual([3, 5, 7]);
  expect((await source.cards([7, 4])).map(({ id }) => id)).toEqual([7]);
  expect(asked).toEqual(["data/site.json", "data/ids.i32", "data/cards/1.json"]);
  expect((await source.facets(EVERYTHING)).total).toBe(3);
  expect(source.address.thumbnail(card(7) as never)).toBe("data/thumbnails/1/7.jpg?v=v");
});

it("gives answers of the API that were written down, by their addresses", async () => {
  const source = await staticSource("data/", ask);
  const terms = [{ kind: "tag", value: "a b", negative: false }] as const;
  const of = { kind: "label", value: "x", negative: false } as const;
  expect(await source.inside({ space: "s", terms }, of, 10)).toEqual({ title: "kept" });
  await expect(source.inside({ space: "s", terms }, of, 11)).rejects.toThrow("does not hold that");
});

it("knows the neighbours of its own pictures", async () => {
  const source = await staticSource("data/", ask);
  const first = await source.neighbours({ space: null, terms: [imageTerm(5)] }, 0, 10);
  expect(first.title).toBe("5.png");
  expect(first.neighbours).toEqual([
    { id: 3, similarity: 0.5, percentile: 90, z: 2 },
    { id: 7, similarity: 0.25, percentile: 90, z: 2 },
  ]);
  const last = await source.neighbours({ space: "s", terms: [imageTerm(7)] }, 0, 10);
  expect(last.neighbours.map(({ id }) => id)).toEqual([3]);
  const further = await source.neighbours({ space: "s", terms: [imageTerm(5)] }, 1, 10);
  expect(further.neighbours.map(({ id }) => id)).toEqual([7]);
});

it("says what it does not hold", async () => {
  const source = await staticSource("data/", ask);
  const query = { space: null, terms: [imageTerm(5), imageTerm(7, true)] };
  await expect(source.neighbours(query, 0, 10)).rejects.toThrow("This site does not hold answers");
  await expect(source.distribution(query, 10)).rejects.toThrow("This site does not hold the distribution");
  const label = { kind: "label", value: "x", negative: false } as const;
  expect(["neighbours", "distribution", "browse"].map((page) => source.answers(page as never, [label]))).toEqual([false, true, true]);
  expect(["neighbours", "distribution"].map((page) => source.answers(page as never, [imageTerm(5)]))).toEqual([true, false]);
  await expect(source.saveSelection("a", { ids: [1] })).rejects.toThrow("looked at, not changed");
  await expect(source.upload(new Blob())).rejects.toThrow("looked at, not changed");
});
