import { describe, expect, it } from "vitest";
import { formatTerm, imageTerm, isQuery, parseTerm, readsWords, soleImage, termsFrom, toggleTerm, typedTerm } from "./terms";
import { back, formatTrail, parseTrail, walk, type Trail } from "./trail";

describe("terms", () => {
  it("may be words where the named space, or any when none is named, reads them", () => {
    const spaces = [
      { name: "photo", words: false },
      { name: "clip", words: true },
    ];
    expect([null, "clip", "photo", "gone"].map((named) => readsWords(spaces, named))).toEqual([true, true, false, false]);
    expect(readsWords(spaces.slice(0, 1), null)).toBe(false);
  });

  it.each(["image:12", "-image:15", "upload:ab12", "label:-x:y", "-tag:sun, sea~and %", "selection:my best", "text:a red bird"])(
    "%s is written as it is read",
    (text) => {
      const term = parseTerm(text);
      expect(term && formatTerm(term)).toBe(text);
    },
  );

  it.each(["", "image:", "image:x", "picture:3", "12", "--image:3", "text: "])("%j is no term", (text) => {
    expect(parseTerm(text)).toBeNull();
  });

  it("leaves out what an address got wrong", () => {
    const params = new URLSearchParams("term=image:1&term=nonsense&term=-tag:x");
    expect(termsFrom(params).map(formatTerm)).toEqual(["image:1", "-tag:x"]);
  });

  it("are added, turned and taken away", () => {
    const one = toggleTerm([], imageTerm(1));
    expect(toggleTerm(one, imageTerm(1))).toEqual([]);
    expect(toggleTerm(one, imageTerm(1, true)).map(formatTerm)).toEqual(["-image:1"]);
    expect(toggleTerm(one, imageTerm(2, true)).map(formatTerm)).toEqual(["image:1", "-image:2"]);
  });

  it("ask only with something wanted", () => {
    expect(isQuery([imageTerm(1, true)])).toBe(false);
    expect(isQuery([imageTerm(1, true), imageTerm(2)])).toBe(true);
    expect(soleImage([imageTerm(7)])).toBe(7);
    expect(soleImage([imageTerm(7), imageTerm(8)])).toBeNull();
    expect(soleImage([imageTerm(7, true)])).toBeNull();
  });
});

describe("what is typed", () => {
  const known = ["label:cats", "tag:red", "selection:mine", "tag:a:b"];

  it.each([
    ["label:cats", "label:cats"],
    [" cats ", "label:cats"],
    ["-red", "-tag:red"],
    ["- red", "-tag:red"],
    ["a:b", "tag:a:b"],
    ["text:a red boat", "text:a red boat"],
  ])("%j is %j", (typed, wanted) => {
    const term = typedTerm(typed, known, false);
    expect(term && formatTerm(term)).toBe(wanted);
  });

  it("is words where the space understands them, and else nothing", () => {
    expect(typedTerm("a red boat", known, false)).toBeNull();
    expect(typedTerm("a red boat", known, true)).toEqual({ kind: "text", value: "a red boat", negative: false });
    expect(typedTerm("-boat", known, true)?.negative).toBe(true);
    expect(typedTerm("  ", known, true)).toBeNull();
    expect(typedTerm("label:dogs", known, false)).toBeNull();
  });
});

describe("the trail", () => {
  const step = (id: number): Trail[number] => [imageTerm(id)];

  it("leads back to where one came from", () => {
    let trail: Trail = [];
    trail = walk(trail, step(1), step(2));
    trail = walk(trail, step(2), step(3));
    expect(back(trail)).toEqual({ trail: [step(1)], here: step(2) });
    expect(back(trail, 0)).toEqual({ trail: [], here: step(1) });
    expect(back([])).toBeNull();
  });

  it("does not grow by standing still, and has an end", () => {
    expect(walk([], step(1), step(1))).toEqual([]);
    expect(walk([], [], step(1))).toEqual([]);
    let trail: Trail = [];
    for (let id = 0; id < 100; id += 1) trail = walk(trail, step(id), step(id + 1));
    expect(trail).toHaveLength(24);
    expect(trail.at(-1)).toEqual(step(99));
  });

  it("goes through the address with commas, tildes and percent signs in its words", () => {
    const trail: Trail = [
      step(5),
      [imageTerm(5), imageTerm(6, true)],
      [{ kind: "tag", value: "sun, sea~and 100%2C", negative: false }],
    ];
    expect(parseTrail(formatTrail(trail))).toEqual(trail);
    expect(parseTrail("")).toEqual([]);
    expect(parseTrail("image:1,nonsense,image:2")).toEqual([step(1), step(2)]);
  });
});
