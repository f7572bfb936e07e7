import { describe, expect, it } from "vitest";

import type { Image } from "../api/types";
import { countFacets, Listing, words } from "./listing";
import { compareText } from "./text";
import { EVERYTHING, type View } from "./view";

function image(id: number, path: string, more: Partial<Image> = {}): Image {
  return {
    id,
    name: path.split("/").at(-1) ?? path,
    path,
    version: "v",
    width: 10 * id,
    height: 5,
    size: 100 - id,
    format: "PNG",
    label: null,
    split: null,
    tags: [],
    flags: [],
    properties: {},
    ...more,
  };
}

const IMAGES = [
  image(1, "birds/baby chick.svg", { label: "birds", tags: ["red"], split: "train" }),
  image(2, "a-b_c/blue-cat 12.png", { label: "Grüße", tags: ["a, b", "naïve"], properties: { year: 1900 } }),
  image(3, "x/İstanbul.png", { label: "日本語", properties: { year: 1850 } }),
  image(4, "x/z.png", { flags: [{ kind: "tiny", reason: "Small.", blocking: false }] }),
];
const listing = new Listing(IMAGES);
const order = (view: Partial<View>): number[] =>
  Array.from(listing.order({ ...EVERYTHING, ...view }));

describe("searching as the catalogue does", () => {
  // What SQLite's FTS5 (unicode61, remove_diacritics 2) finds for the same words.
  it.each([
    ["-", []],
    ["- blue", [2]],
    ["blue-cat", [2]],
    ["blue-ca", [2]],
    ["blu-cat", []],
    ["b_c", [2]],
    ["grus", []],
    ["naive", [2]],
    ["NAÏ", [2]],
    ["日本", [3]],
    ["istanbul", [3]],
    ["12.png", [2]],
    ["birds/baby", [1]],
    ["svg birds", [1]],
    ["png x", [3, 4]],
    ['"quoted', []],
    ["  ", [1, 2, 3, 4]],
  ])("%s", (text, found) => expect(order({ text })).toEqual(found));
});

describe("filters and orders", () => {
  it("take any of the values asked of a property", () => {
    expect(order({ values: ["year=1900", "year=1850"] })).toEqual([2, 3]);
    expect(order({ values: ["year=1900", "artist=x"] })).toEqual([]);
    expect(order({ values: ["year"] })).toEqual([]);
  });

  it("meets every condition", () => {
    expect(order({ labels: ["birds"], tags: ["red"], splits: ["train"] })).toEqual([1]);
    expect(order({ unlabelled: true })).toEqual([4]);
    expect(order({ flags: ["tiny"] })).toEqual([4]);
    expect(order({ tags: ["a, b", "red"] })).toEqual([]);
    expect(order({ selection: "mine" })).toEqual([]);
  });

  it("take any of several labels, splits and flags, and of tags when asked to", () => {
    expect(order({ labels: ["birds", "Grüße"] })).toEqual([1, 2]);
    expect(order({ labels: ["birds"], unlabelled: true })).toEqual([1, 4]);
    expect(order({ tags: ["a, b", "red"], anyTag: true })).toEqual([1, 2]);
    expect(order({ splits: ["train", "test"] })).toEqual([1]);
    expect(order({ flags: ["tiny", "broken"] })).toEqual([4]);
  });

  it("puts pictures without a value last, either way", () => {
    expect(order({ sort: "property:year" })).toEqual([3, 2, 1, 4]);
    expect(order({ sort: "property:year", descending: true })).toEqual([2, 3, 4, 1]);
    expect(order({ sort: "label" })).toEqual([2, 1, 3, 4]);
    expect(order({ sort: "size" })).toEqual([4, 3, 2, 1]);
    expect(order({ sort: "height", descending: true })).toEqual([4, 3, 2, 1]);
    expect(order({ sort: "name" })).toEqual([2, 1, 4, 3]);
  });

  it("orders texts by code points", () => {
    expect(["b", "Z", "\u{1F600}", "\uFF5E"].sort(compareText)).toEqual(["Z", "b", "\uFF5E", "\u{1F600}"]);
    expect(words("Ça, là-bas!")).toEqual(["ca", "la", "bas"]);
  });
});

it("counts, the most frequent first", () => {
  const facets = countFacets(IMAGES, { year: "int" });
  expect(facets.total).toBe(4);
  expect(facets.unlabelled).toBe(1);
  expect(facets.tags.map(({ name }) => name)).toEqual(["a, b", "naïve", "red"]);
  expect(facets.flags).toEqual([{ name: "tiny", count: 1 }]);
  expect(facets.properties).toEqual([{ name: "year", type: "int" }]);
});
