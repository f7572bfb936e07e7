import { expect, it } from "vitest";
import { fakeImage } from "../api/fake";
import { seek, textOf } from "./seek";

const names = ["a/1", "a/2", "b/1", "b/2", "é", null, null];
const look = (list: readonly (string | null)[]) => (id: number): Promise<string | null> =>
  Promise.resolve(list[id] ?? null);
const all = names.map((_, i) => i);

it.each([
  ["a", 0],
  ["a/2", 1],
  ["b", 2],
  ["c", 4],
  ["zz", 4],
  ["", 0],
])("typing %j leads to %i", async (typed, want) => {
  expect(await seek(all, typed, false, look(names))).toBe(want);
});

it.each([
  ["b", 1],
  ["a/1", 4],
  ["a", 3],
  ["z", 1],
])("in a falling order typing %j leads to %i", async (typed, want) => {
  const falling = ["é", "b/2", "b/1", "a/2", "a/1", null];
  expect(await seek([0, 1, 2, 3, 4, 5], typed, true, look(falling))).toBe(want);
});

it("takes twenty looks among a million", async () => {
  let looks = 0;
  const million = Int32Array.from({ length: 1_000_000 }, (_, i) => i);
  const found = await seek(million, "0777777", false, (id) => {
    looks += 1;
    return Promise.resolve(String(id).padStart(7, "0"));
  });
  expect(found).toBe(777_777);
  expect(looks).toBeLessThanOrEqual(20);
});

it("knows the text of an order", () => {
  const image = fakeImage(3);
  expect(textOf(image, "name")).toBe(image.path);
  expect(textOf(image, "label")).toBe(image.label);
  expect(textOf(image, "property:medium")).toBe(image.properties["medium"]);
  expect(textOf(image, "property:year")).toBeNull();
  expect(textOf(image, "size")).toBeNull();
});
