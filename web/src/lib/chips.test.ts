import { expect, it } from "vitest";

import { chips } from "./chips";
import { EVERYTHING, isFiltered, type View } from "./view";

const view: View = {
  ...EVERYTHING,
  text: " sea ",
  labels: ["cat", "dog"],
  unlabelled: true,
  splits: ["train"],
  flags: ["tiny"],
  tags: ["a", "b"],
  selection: "best",
  values: ["art_medium=oil", "art_medium=ink"],
  ranges: ["property:year=1900..", "width=..200", "height=5..5", "size=1..2", "odd"],
  answers: ["mine=cat"],
  sort: "name",
};

it("says each condition", () => {
  expect(chips(EVERYTHING)).toEqual([]);
  expect(chips(view).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    "Words: sea",
    "Label: cat",
    "Label: dog",
    "Label: none",
    "Split: train",
    "Flag: tiny",
    "Tag: a",
    "Tag: b",
    "Selection: best",
    "Art medium: oil",
    "Art medium: ink",
    "Year: from 1900",
    "Width: to 200",
    "Height: 5",
    "Size: 1 to 2",
    "Range: odd",
    "Answer: mine: cat",
  ]);
});

it("takes away one condition, and all of them one after the other", () => {
  expect(chips(view)[1]?.without).toEqual({ ...view, labels: ["dog"] });
  let left = view;
  for (let chip = chips(left)[0]; chip; chip = chips(left)[0]) left = chip.without;
  expect(isFiltered(left)).toBe(false);
  expect(left.sort).toBe("name");
});
