import { describe, expect, it } from "vitest";

import { Buckets } from "./buckets";
import { CHOSEN, DIM, drawList, HIDDEN, picked, PLAIN, shaped } from "./drawlist";

const all = { left: -1, top: -1, right: 2, bottom: 2 };
const row = (...x: number[]): Buckets => new Buckets(Float32Array.from(x), new Float32Array(x.length).fill(0.5));

describe("the list of what is drawn", () => {
  it("has dim pictures at the bottom and chosen ones on top, hidden ones not at all", () => {
    const buckets = row(0.1, 0.2, 0.3, 0.4, 0.5);
    const into = new Uint32Array(5);
    const count = drawList(buckets, Uint8Array.of(CHOSEN, DIM, PLAIN, HIDDEN, DIM), all, into);
    expect([...into.subarray(0, count)]).toEqual([1, 4, 2, 0]);
  });

  it("has only what is in view", () => {
    const buckets = row(0.1, 0.2, 0.9);
    const into = new Uint32Array(3);
    const count = drawList(buckets, new Uint8Array(3).fill(PLAIN), { ...all, right: 0.15 }, into);
    expect([...into.subarray(0, count)]).toEqual([0]);
  });
});

describe("picking", () => {
  it("takes the picture on top of those below the pointer", () => {
    const buckets = new Buckets(Float32Array.of(0.5, 0.5, 0.5), Float32Array.of(0.5, 0.55, 0.6));
    const ratios = Float32Array.of(1, 1, 1);
    const at = (y: number, states = Uint8Array.of(PLAIN, PLAIN, PLAIN)): number =>
      picked(buckets, states, ratios, { x: 0.5, y }, 0.12, 0);
    const into = new Uint32Array(3);
    drawList(buckets, new Uint8Array(3).fill(PLAIN), all, into);
    expect(at(0.55)).toBe(into[2]);
    expect(at(0.45)).toBe(0);
    expect(at(0.55, Uint8Array.of(PLAIN, CHOSEN, PLAIN))).toBe(1);
    expect(at(0.7)).toBe(-1);
  });

  it("keeps to the shape of the picture", () => {
    const buckets = row(0.5);
    const wide = Float32Array.of(4);
    const states = Uint8Array.of(PLAIN);
    expect(picked(buckets, states, wide, { x: 0.54, y: 0.5 }, 0.1, 0)).toBe(0);
    expect(picked(buckets, states, wide, { x: 0.5, y: 0.54 }, 0.1, 0)).toBe(-1);
    expect(picked(buckets, states, wide, { x: 0.5, y: 0.54 }, 0.1, 0.05)).toBe(0);
    expect(picked(buckets, Uint8Array.of(HIDDEN), wide, { x: 0.5, y: 0.5 }, 0.1, 1)).toBe(-1);
    expect(shaped(100, 2)).toEqual({ width: 100, height: 50 });
    expect(shaped(100, 0.5)).toEqual({ width: 50, height: 100 });
  });
});
