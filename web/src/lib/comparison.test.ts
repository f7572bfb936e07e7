import { describe, expect, it } from "vitest";
import {
  apart,
  cellPaths,
  changed,
  comparingFrom,
  comparingParams,
  complete,
  cornerBox,
  depthOf,
  formatAsked,
  NOTHING,
  nudgeBox,
  pairOf,
  parseAsked,
  requestOf,
  withQuery,
  type Comparing,
} from "./comparison";
import { formatPlace, parsePlace } from "./hash";
import { parseTerm, type Term } from "./terms";

const term = (text: string): Term => {
  const found = parseTerm(text);
  if (!found) throw new Error(text);
  return found;
};

const view: Comparing = {
  queries: [
    { slot: 2, title: "50 % ~ cats, mostly", terms: [term("label:cats & dogs"), term("-image:12")] },
    { slot: 0, title: "", terms: [term("selection:a~b"), term("tag:100%")] },
  ],
  space: "lite0",
  k: 500,
  pair: [0, 2],
  region: { low: 0.25, high: 1, bottom: -1, top: 0.123456 },
  curves: "cumulative",
  saved: "flags / symbols",
};

describe("a comparison", () => {
  it("goes through the address unchanged", () => {
    expect(comparingFrom(comparingParams(view))).toEqual(view);
    const place = parsePlace(formatPlace("compare", comparingParams(view)));
    expect(comparingFrom(place.params)).toEqual(view);
    const corner: Comparing = { ...view, region: "both", pair: null };
    expect(comparingFrom(comparingParams(corner))).toEqual(corner);
    expect([...comparingParams(NOTHING)]).toEqual([]);
  });

  it.each(["", "9~x~label:a", "x~~label:a", "~"])("%j is no query", (text) => {
    expect(parseAsked(text)).toBeNull();
  });

  it("leaves out what a hand-edited address gets wrong", () => {
    const params = new URLSearchParams([
      ["q", "1~one~label:a~nonsense"],
      ["q", "1~twice~label:b"],
      ["q", formatAsked({ slot: 3, title: "", terms: [] })],
      ["k", "-4"],
      ["pair", "AA"],
      ["box", "1,0,0,1"],
      ["corner", "nowhere"],
    ]);
    const read = comparingFrom(params);
    expect(read.queries.map(({ slot, terms }) => [slot, terms.length])).toEqual([[1, 1], [3, 0]]);
    expect([read.k, read.pair, read.region]).toEqual([null, null, "first"]);
    expect([depthOf(read, 50), depthOf(read, 5000), depthOf(view, 50)]).toEqual([10, 100, 500]);
  });

  it("gives a new query the first free letter, and others keep theirs", () => {
    const first = withQuery(withQuery(withQuery(NOTHING, [term("tag:a")]), [term("tag:b")]), [term("tag:c")]);
    expect(first.queries.map(({ slot }) => slot)).toEqual([0, 1, 2]);
    const less = changed(first, 1, null);
    expect(less.queries.map(({ slot }) => slot)).toEqual([0, 2]);
    expect(withQuery(less, [term("tag:d")]).queries.map(({ slot }) => slot)).toEqual([0, 2, 1]);
    expect(changed(less, 2, { title: "C" }).queries[1]?.title).toBe("C");
    const full = Array.from({ length: 9 }).reduce<Comparing>((each) => withQuery(each, [term("tag:x")]), NOTHING);
    expect(full.queries.length).toBe(8);
  });

  it("asks only what can be asked, and looks at the pair that is named", () => {
    const odd = changed(view, 0, { terms: [term("-tag:a")] });
    expect(complete(odd.queries).map(({ slot }) => slot)).toEqual([2]);
    expect(pairOf(odd, complete(odd.queries))).toBeNull();
    expect(pairOf(view, view.queries)).toEqual([1, 0]);
    expect(pairOf({ ...view, pair: [0, 5] }, view.queries)).toEqual([0, 1]);
    expect(requestOf(view, 1000).queries[0]).toEqual({
      slot: 2,
      title: "",
      terms: ["label:cats & dogs", "-image:12"],
    });
  });
});

describe("the drawing", () => {
  it("keeps badges apart", () => {
    const placed = apart(Array.from({ length: 6 }, (_, i) => ({ x: 50 + i, y: 40, i })), 20);
    placed.forEach((a, n) =>
      placed.slice(0, n).forEach((b) => {
        expect(Math.abs(a.x - b.x) >= 20 || Math.abs(a.y - b.y) >= 20).toBe(true);
      }),
    );
  });

  it("puts cells where they belong, the fullest darkest", () => {
    const paths = cellPaths({ column: [0, 9], row: [0, 9], count: [1, 1000] }, 10, 100, 4);
    expect(paths.map((path) => path.length > 0)).toEqual([true, false, false, true]);
    expect(paths[0]).toContain("M0.0 90.0");
    expect(paths[3]).toContain("M90.0 0.0");
  });

  it("has corners and boxes that rise", () => {
    expect(cornerBox("first", [0.6, 0.5])).toEqual({ low: 0.6, high: 1, bottom: -1, top: 0.5 });
    expect(cornerBox("neither", [0.6, 0.5])).toEqual({ low: -1, high: 0.6, bottom: -1, top: 0.5 });
    const box = { low: 0.2, high: 0.25, bottom: 0, top: 1 };
    expect(nudgeBox(box, "low", "ArrowRight", false)?.low).toBe(0.21);
    expect(nudgeBox(box, "low", "ArrowUp", true)?.low).toBe(0.25);
    expect(nudgeBox(box, "top", "ArrowUp", false)?.top).toBe(1);
    expect(nudgeBox(box, "top", "Home", false)).toBeNull();
  });
});
