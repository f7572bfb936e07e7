import { describe, expect, it } from "vitest";
import { askedKey, askingFrom, askingParams, isPinned, togglePin, type Asking } from "./asking";
import { formatPlace, parsePlace } from "./hash";
import { imageTerm, type Term } from "./terms";

const cats: Term = { kind: "tag", value: "cats, big~small", negative: true };
const asking: Asking = {
  terms: [imageTerm(5), cats],
  space: "photo-fc7",
  beside: ["photo-fc6", "drawn-fc7"],
  trail: [[imageTerm(1)], [imageTerm(2), cats]],
  pins: [[imageTerm(9)], [cats, imageTerm(3)]],
};

describe("what is asked", () => {
  it("goes through the address unchanged", () => {
    const place = parsePlace(formatPlace("neighbours", askingParams(asking)));
    expect(askingFrom(place.params)).toEqual(asking);
  });

  it("has a plain address when it is plain", () => {
    const plain = { terms: [imageTerm(5)], space: null, beside: [], trail: [], pins: [] };
    expect(askingParams(plain).toString()).toBe("term=image%3A5");
    expect(askingFrom(askingParams(plain))).toEqual(plain);
  });

  it("is another question in another space or with another sign", () => {
    expect(askedKey(asking)).toBe("photo-fc7 image:5 -tag:cats, big~small");
    expect(askedKey({ ...asking, space: null })).not.toBe(askedKey(asking));
    expect(askedKey({ ...asking, trail: [] })).toBe(askedKey(asking));
  });
});

describe("pins", () => {
  it("are set and let go", () => {
    const pins = togglePin([], [imageTerm(4)]);
    expect(isPinned(pins, [imageTerm(4)])).toBe(true);
    expect(isPinned(pins, [imageTerm(4), cats])).toBe(false);
    expect(togglePin(pins, [imageTerm(4)])).toEqual([]);
    expect(togglePin(pins, [])).toBe(pins);
  });

  it("have an end", () => {
    let pins: Asking["pins"] = [];
    for (let id = 1; id <= 50; id += 1) pins = togglePin(pins, [imageTerm(id)]);
    expect(pins).toHaveLength(40);
    expect(isPinned(pins, [imageTerm(50)])).toBe(true);
    expect(isPinned(pins, [imageTerm(1)])).toBe(false);
  });
});
