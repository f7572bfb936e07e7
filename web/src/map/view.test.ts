import { describe, expect, it } from "vitest";

import {
  between,
  ease,
  fit,
  formatView,
  pan,
  parseView,
  pinch,
  reveal,
  seen,
  toMap,
  toScreen,
  within,
  zoomAt,
} from "./view";

const size = { width: 800, height: 600 };
const unit = { left: 0, top: 0, right: 1, bottom: 1 };
const view = { x: 0.3, y: 0.6, scale: 2000 };

describe("a view", () => {
  it("goes from the map to the screen and back", () => {
    expect(toScreen(view, size, { x: 0.3, y: 0.6 })).toEqual({ x: 400, y: 300 });
    expect(toScreen(view, size, { x: 0.4, y: 0.5 }).x).toBeCloseTo(600);
    const there = toMap(view, size, { x: 123, y: 45 });
    const back = toScreen(view, size, there);
    expect([back.x, back.y]).toEqual([expect.closeTo(123), expect.closeTo(45)]);
  });

  it("fits a rectangle with its margin, by the side that is shorter", () => {
    const whole = fit(unit, size, 0.1);
    expect(whole).toEqual({ x: 0.5, y: 0.5, scale: 480 });
    const wide = fit({ left: 0, top: 0.4, right: 1, bottom: 0.6 }, size, 0.1);
    expect(wide.scale).toBe(640);
    expect(fit({ left: 0.5, top: 0.5, right: 0.5, bottom: 0.5 }, size).scale).toBeGreaterThan(1);
  });

  it("sees what is on the screen", () => {
    const rect = seen(view, size, 100);
    expect(toScreen(view, size, { x: rect.left, y: rect.bottom })).toEqual({ x: expect.closeTo(-100), y: expect.closeTo(700) });
  });

  it("zooms around the pixel below the pointer", () => {
    const pixel = { x: 650, y: 120 };
    const held = toMap(view, size, pixel);
    const nearer = zoomAt(view, size, pixel, 3.7);
    expect(nearer.scale).toBeCloseTo(7400);
    const after = toMap(nearer, size, pixel);
    expect([after.x, after.y]).toEqual([expect.closeTo(held.x, 9), expect.closeTo(held.y, 9)]);
  });

  it("pans by pixels", () => {
    const moved = pan(view, 50, -20);
    const at = toScreen(moved, size, toMap(view, size, { x: 10, y: 10 }));
    expect([at.x, at.y]).toEqual([expect.closeTo(60), expect.closeTo(-10)]);
  });

  it("keeps what is below two fingers below them", () => {
    const before = [{ x: 300, y: 300 }, { x: 500, y: 300 }] as const;
    const after = [{ x: 200, y: 350 }, { x: 600, y: 350 }] as const;
    const next = pinch(view, size, before, after);
    before.forEach((finger, i) => {
      const at = toScreen(next, size, toMap(view, size, finger));
      expect([at.x, at.y]).toEqual([expect.closeTo(after[i]?.x ?? NaN), expect.closeTo(after[i]?.y ?? NaN)]);
    });
  });

  it("never loses the map", () => {
    const lost = within({ x: 9, y: -3, scale: 1e-3 }, unit, size);
    expect(lost).toEqual({ x: 1, y: 0, scale: expect.closeTo(fit(unit, size).scale / 2) });
    expect(within({ ...view, scale: 1e12 }, unit, size).scale).toBeCloseTo(4000 * fit(unit, size).scale);
    expect(within(view, unit, size)).toEqual(view);
  });

  it("goes evenly from one view to another, straight to its aim", () => {
    const to = { x: 0.8, y: 0.1, scale: 500 };
    expect(between(view, to, 0)).toEqual(view);
    const end = between(view, to, 1);
    expect([end.x, end.y, end.scale]).toEqual([expect.closeTo(0.8), expect.closeTo(0.1), expect.closeTo(500)]);
    expect(between(view, to, 0.5).scale).toBeCloseTo(1000);
    expect(between(view, { ...view, x: 0.5 }, 0.5).x).toBeCloseTo(0.4);
    // Zooming at a pixel in steps or at once is the same: the pixel's place never moves meanwhile.
    const pixel = { x: 700, y: 100 };
    const held = toMap(view, size, pixel);
    const half = between(view, zoomAt(view, size, pixel, 4), 0.5);
    expect(toScreen(half, size, held).x).toBeCloseTo(700);
    expect([ease(0), ease(0.5), ease(1)]).toEqual([0, 0.5, 1]);
  });

  it("moves just so far that a point can be seen", () => {
    const point = toMap(view, size, { x: 790, y: 300 });
    const next = reveal(view, size, point, 50);
    expect(toScreen(next, size, point).x).toBeCloseTo(750);
    expect(toScreen(next, size, point).y).toBeCloseTo(300);
    expect(reveal(view, size, toMap(view, size, { x: 400, y: 200 }), 50)).toEqual(view);
  });

  it("fits into an address, whatever the screen", () => {
    const whole = fit(unit, size);
    const text = formatView(view, whole);
    expect(text).toMatch(/^0\.3,0\.6,\d\.\d+$/);
    const read = parseView(text, whole);
    expect(read?.x).toBeCloseTo(0.3);
    expect((read?.scale ?? 0) / 2000).toBeCloseTo(1, 3);
    for (const bad of [null, "", "1,2", "1,2,3,4", "a,b,c", "1,2,0", "1,2,-3", "1,,3"])
      expect(parseView(bad, whole)).toBeNull();
  });
});
