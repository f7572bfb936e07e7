import { describe, expect, it } from "vitest";

import { Buckets } from "./buckets";
import { contains, enclosed, formatLoop, parseLoop, rectangle, simplified } from "./lasso";
import type { Point } from "./view";

/** Around how often the loop goes: the slow way, by angles. */
function winding(loop: readonly Point[], { x, y }: Point): number {
  let turned = 0;
  loop.forEach((a, i) => {
    const b = loop[(i + 1) % loop.length] ?? a;
    let angle = Math.atan2(b.y - y, b.x - x) - Math.atan2(a.y - y, a.x - x);
    if (angle > Math.PI) angle -= 2 * Math.PI;
    if (angle < -Math.PI) angle += 2 * Math.PI;
    turned += angle;
  });
  return Math.round(turned / (2 * Math.PI));
}

const star = Array.from({ length: 5 }, (_, i) => ({
  x: 0.5 + 0.4 * Math.sin((i * 4 * Math.PI) / 5),
  y: 0.5 - 0.4 * Math.cos((i * 4 * Math.PI) / 5),
}));
const bay = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0.5, y: 0.2 }, { x: 0, y: 1 }];
const places = Array.from({ length: 1600 }, (_, i) => ({ x: (i % 40) / 40 + 0.0123, y: Math.floor(i / 40) / 40 + 0.0071 }));

describe("a loop", () => {
  it("holds what it goes around an odd number of times", () => {
    for (const loop of [star, bay, rectangle({ x: 0.2, y: 0.7 }, { x: 0.6, y: 0.1 })])
      for (const place of places)
        expect(contains(loop, place)).toBe(winding(loop, place) % 2 !== 0);
  });

  it("finds the points inside", () => {
    const buckets = new Buckets(Float32Array.from(places, ({ x }) => x), Float32Array.from(places, ({ y }) => y));
    const wanted = places.flatMap((place, i) => (contains(bay, place) ? [i] : []));
    expect(enclosed(buckets, bay).sort((a, b) => a - b)).toEqual(wanted);
    expect(enclosed(buckets, bay.slice(0, 2))).toEqual([]);
  });

  it("needs few corners", () => {
    const circle = Array.from({ length: 400 }, (_, i) => ({ x: 100 + 80 * Math.cos(i / 63.7), y: 100 + 80 * Math.sin(i / 63.7) }));
    const few = simplified(circle, 1);
    expect(few.length).toBeLessThan(60);
    const differ = places.filter(({ x, y }) => {
      const place = { x: x * 200, y: y * 200 };
      return contains(few, place) !== contains(circle, place);
    });
    expect(differ.length).toBeLessThan(places.length * 0.01);
    const jagged = Array.from({ length: 900 }, (_, i) => ({ x: i, y: (i * 7919) % 500 }));
    expect(simplified(jagged, 1).length).toBeLessThanOrEqual(60);
  });

  it("fits into an address", () => {
    const text = formatLoop(star);
    expect(text).toMatch(/^[0-9a-z]{30}$/);
    parseLoop(text).forEach((corner, i) => {
      expect(corner.x).toBeCloseTo(star[i]?.x ?? NaN, 4);
      expect(corner.y).toBeCloseTo(star[i]?.y ?? NaN, 4);
    });
    for (const bad of ["", "abc", "ABCDEFabcdefabcdef", `${text}x`]) expect(parseLoop(bad)).toEqual([]);
  });
});
