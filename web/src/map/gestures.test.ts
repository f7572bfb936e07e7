import { describe, expect, it } from "vitest";

import { Gestures, wheelFactor, type Pointer } from "./gestures";

const finger = (x: number, y: number, id = 1): Pointer => ({ id, x, y, touch: true, adds: false });
const mouse = (x: number, y: number, adds = false): Pointer => ({ id: 1, x, y, touch: false, adds });

describe("gestures", () => {
  it("tell a tap from a drag", () => {
    const gestures = new Gestures();
    gestures.down(mouse(10, 10), "move");
    expect(gestures.move(mouse(12, 11), "move")).toEqual([]);
    expect(gestures.up(mouse(12, 11))).toEqual([{ kind: "tap", at: { x: 12, y: 11 }, adds: false, touch: false }]);
    gestures.down(mouse(10, 10), "move");
    expect(gestures.move(mouse(20, 10), "move")).toEqual([{ kind: "pan", dx: 10, dy: 0 }]);
    expect(gestures.move(mouse(20, 15), "move")).toEqual([{ kind: "pan", dx: 0, dy: 5 }]);
    expect(gestures.up(mouse(20, 15))).toEqual([]);
  });

  it("pinch with two fingers, and then do nothing else", () => {
    const gestures = new Gestures();
    gestures.down(finger(100, 100), "move");
    gestures.down(finger(200, 100, 2), "move");
    expect(gestures.move(finger(250, 100, 2), "move")).toEqual([
      { kind: "pinch", before: [finger(100, 100), finger(200, 100, 2)], after: [finger(100, 100), finger(250, 100, 2)] },
    ]);
    expect(gestures.up(finger(250, 100, 2))).toEqual([]);
    expect(gestures.move(finger(150, 150), "move")).toEqual([]);
    expect(gestures.up(finger(150, 150))).toEqual([]);
  });

  it("draw a loop with the lasso, or with Shift", () => {
    for (const [tool, adds] of [["lasso", false], ["move", true]] as const) {
      const gestures = new Gestures();
      gestures.down(mouse(0, 0, adds), tool);
      gestures.move(mouse(50, 0, adds), tool);
      gestures.move(mouse(50, 1, adds), tool); // too near to be a corner
      gestures.move(mouse(50, 50, adds), tool);
      const path = [{ x: 0, y: 0 }, { x: 50, y: 0 }, { x: 50, y: 50 }];
      expect(gestures.up(mouse(50, 50, adds))).toEqual([{ kind: "draw", path: null }, { kind: "drawn", path, adds }]);
    }
  });

  it("draw a rectangle from corner to corner", () => {
    const gestures = new Gestures();
    gestures.down(mouse(10, 20), "rectangle");
    gestures.move(mouse(40, 30), "rectangle");
    const path = [{ x: 10, y: 20 }, { x: 60, y: 20 }, { x: 60, y: 80 }, { x: 10, y: 80 }];
    expect(gestures.move(mouse(60, 80), "rectangle")).toEqual([{ kind: "draw", path }]);
    expect(gestures.up(mouse(60, 80)).at(-1)).toEqual({ kind: "drawn", path, adds: false });
  });

  it("give a loop up for a second finger, or when told", () => {
    const gestures = new Gestures();
    gestures.down(finger(0, 0), "lasso");
    gestures.move(finger(50, 0), "lasso");
    expect(gestures.drawing).toBe(true);
    expect(gestures.down(finger(99, 99, 2), "lasso")).toEqual([{ kind: "draw", path: null }]);
    gestures.cancel();
    gestures.down(finger(0, 0), "lasso");
    gestures.move(finger(50, 0), "lasso");
    expect(gestures.cancel()).toEqual([{ kind: "draw", path: null }]);
    expect(gestures.up(finger(50, 0))).toEqual([]);
  });

  it("zoom by the wheel, whatever it counts in, never by leaps", () => {
    expect(wheelFactor(-100, 0, false)).toBeCloseTo(1 / wheelFactor(100, 0, false));
    expect(wheelFactor(-3, 1, false)).toBeCloseTo(wheelFactor(-48, 0, false));
    expect(wheelFactor(-9e9, 0, false)).toBeLessThan(2);
    expect(wheelFactor(-10, 0, true)).toBeGreaterThan(wheelFactor(-10, 0, false));
  });
});
