import { describe, expect, test } from "vitest";
import type { Suggestion, TagDecision } from "../api/types";
import {
  askedOf,
  auditOf,
  decided,
  inWords,
  isAsked,
  NO_RULES,
  numberFrom,
  partFrom,
  readLines,
  readPhrases,
  turned,
  withDecision,
  writeLines,
} from "./prepare";

const drop = (of: string): TagDecision => ({ decide: "drop", of, into: "", accept: true, step: 1, why: [] });
const suggestion: Suggestion = {
  ...drop("trees"),
  decide: "merge",
  into: "tree",
  accept: null,
  step: 1,
  why: ["singular and plural"],
  images: 2,
  images_into: 9,
  pictures: [1, 2],
  pictures_into: [3],
};

test("a part that the address does not know is the first one", () => {
  expect(partFrom(new URLSearchParams("part=split"))).toBe("split");
  expect(partFrom(new URLSearchParams("part=x"))).toBe("tags");
});

describe("decisions about tags", () => {
  test("a later word replaces an earlier one about the same", () => {
    const yes = decided(suggestion, true);
    const held = withDecision(withDecision([drop("a")], yes), decided(suggestion, false));
    expect(held).toHaveLength(2);
    expect(held[1]).toEqual({ ...yes, accept: false });
  });

  test("a merge can be turned round", () => {
    const back = turned(suggestion);
    expect([back.of, back.into, back.images, back.pictures]).toEqual(["tree", "trees", 9, [3]]);
    expect(turned(back)).toEqual(suggestion);
  });

  test("rules follow, in the last step of what is held", () => {
    const held = [drop("a"), { ...drop("b"), step: 3 }];
    const asked = askedOf(held, { least: " 5 ", only: "s*, t*", hide: true, map: "x = y" });
    expect(asked.decisions.slice(2).map(({ decide, of, step }) => [decide, of, step])).toEqual([
      ["only", "s*", 3],
      ["only", "t*", 3],
      ["min-images", "5", 3],
      ["bare", "hide", 3],
    ]);
    expect(asked.map).toBe("x = y");
  });

  test("hiding alone asks for nothing", () => {
    expect(isAsked(askedOf([], { ...NO_RULES, hide: true }))).toBe(false);
    expect(isAsked(askedOf([], { ...NO_RULES, map: " \n" }))).toBe(false);
    expect(isAsked(askedOf([], { ...NO_RULES, least: "2" }))).toBe(true);
  });

  test("they are said in words", () => {
    expect(inWords(decided(suggestion, true))).toBe("trees = tree");
    expect(inWords(decided(suggestion, false))).toBe("not trees = tree");
    expect(inWords({ ...drop("x"), accept: false })).toBe("keep x");
  });
});

describe("files of decisions", () => {
  test("what is written can be read", () => {
    const lines = [{ decide: "drop", of: "ä" }, { decide: "drop", of: "b" }];
    expect(readLines(`\n${writeLines(lines)}`)).toEqual(lines);
  });

  test("a line that is none is named", () => {
    expect(() => readLines('{"a": 1}\nnonsense')).toThrow("Line 2 of the file is no decision: nonsense");
    expect(() => readLines("[1]")).toThrow("Line 1");
  });
});

test("what is said of classes and pictures becomes lines, with the reason", () => {
  const lines = [
    { decide: "words", source: "imagenet" },
    { decide: "class", of: "crane", accept: null, why: ["two meanings"] },
    { decide: "class", of: "dog", accept: true, why: [] },
  ];
  const made = auditOf(lines, {
    classes: new Map([["crane", false]]),
    out: new Map([[7, { id: 7, path: "a.png", sha256: "ff" }]]),
  });
  expect(made).toEqual([
    lines[0],
    { decide: "class", of: "crane", accept: false, why: ["two meanings", "Dropped by hand."] },
    lines[2],
    { decide: "image", of: "a.png", sha256: "ff", into: "" },
  ]);
});

test("phrases and numbers are read as they are typed", () => {
  expect(readPhrases("hot dog =\nbird crane = crane bird\n\nnothing")).toEqual({ "hot dog": "", "bird crane": "crane bird" });
  expect([numberFrom("0,3"), numberFrom(" 64 "), numberFrom(""), numberFrom("x")]).toEqual([0.3, 64, null, null]);
});
