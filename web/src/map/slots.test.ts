import { describe, expect, it } from "vitest";

import { Slots } from "./slots";

describe("slots", () => {
  it("give what was not wanted for longest away", () => {
    const slots = new Slots(2);
    expect(slots.take(7)).toEqual({ slot: 0, out: -1 });
    expect(slots.take(8)).toEqual({ slot: 1, out: -1 });
    expect(slots.use(7)).toBe(0);
    expect(slots.take(9)).toEqual({ slot: 1, out: 8 });
    expect(slots.has(8)).toBe(false);
    expect(slots.use(8)).toBe(-1);
    expect(slots.take(7)).toEqual({ slot: 0, out: -1 });
  });

  it("never give one slot to two, and forget like a plain list does", () => {
    const slots = new Slots(5);
    const list: number[] = []; // the oldest first
    let state = 1;
    for (let round = 0; round < 2000; round++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const key = (state >>> 16) % 12;
      const known = list.indexOf(key);
      if (known >= 0) list.splice(known, 1);
      const out = known < 0 && list.length === 5 ? (list.shift() ?? -1) : -1;
      list.push(key);
      expect(slots.take(key).out).toBe(out);
    }
    for (const key of list) expect(slots.has(key)).toBe(true);
    expect(new Set(list.map((key) => slots.use(key))).size).toBe(5);
  });
});
