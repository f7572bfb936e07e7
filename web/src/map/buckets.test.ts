import { describe, expect, it } from "vitest";

import { around, Buckets, type Direction } from "./buckets";

/** Numbers in [0, 1) that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function scattered(n: number, seed = 1, height = 1): Buckets {
  const next = random(seed);
  const x = Float32Array.from({ length: n }, next);
  const y = Float32Array.from({ length: n }, () => next() * height);
  return new Buckets(x, y);
}

const at = (buckets: Buckets, i: number): { x: number; y: number } => ({ x: buckets.x[i] ?? 0, y: buckets.y[i] ?? 0 });

describe("buckets", () => {
  it("hold every point once, and know its rank", () => {
    const buckets = scattered(500);
    expect([...buckets.order].sort((a, b) => a - b)).toEqual([...Array(500).keys()]);
    buckets.order.forEach((point, rank) => expect(buckets.ranks[point]).toBe(rank));
  });

  it("find what a rectangle holds, as looking at every point does", () => {
    for (const buckets of [scattered(800), scattered(300, 2, 0.01), scattered(1)]) {
      const next = random(9);
      for (let round = 0; round < 50; round++) {
        const [a, b, c, d] = [next(), next(), next(), next()].map((value) => value * 1.4 - 0.2) as [number, number, number, number];
        const rect = { left: Math.min(a, b), right: Math.max(a, b), top: Math.min(c, d), bottom: Math.max(c, d) };
        const found: number[] = [];
        buckets.within(rect, (point) => found.push(point));
        const wanted = [...buckets.x.keys()].filter((i) => {
          const { x, y } = at(buckets, i);
          return x >= rect.left && x <= rect.right && y >= rect.top && y <= rect.bottom;
        });
        expect([...found].sort((p, q) => p - q)).toEqual(wanted);
        expect(found.map((point) => buckets.ranks[point])).toEqual(found.map((point) => buckets.ranks[point] ?? 0).sort((p, q) => p - q));
      }
    }
    const all: number[] = [];
    scattered(20).within({ left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity }, (point) => all.push(point));
    expect(all).toHaveLength(20);
  });

  it("find the nearest point, as looking at every point does", () => {
    const buckets = scattered(400, 3);
    const next = random(5);
    for (let round = 0; round < 100; round++) {
      const place = { x: next() * 3 - 1, y: next() * 3 - 1 };
      const distances = [...buckets.x.keys()].map((i) => Math.hypot(at(buckets, i).x - place.x, at(buckets, i).y - place.y));
      const least = Math.min(...distances);
      expect(distances[buckets.nearest(place)]).toBe(least);
      expect(buckets.nearest(place, least * 0.99)).toBe(-1);
    }
    expect(new Buckets(new Float32Array(), new Float32Array()).nearest({ x: 0, y: 0 })).toBe(-1);
  });

  it("step in a direction, as looking at every point does", () => {
    const buckets = scattered(300, 4);
    const turns: Record<Direction, (dx: number, dy: number) => [number, number]> = {
      right: (dx, dy) => [dx, Math.abs(dy)],
      left: (dx, dy) => [-dx, Math.abs(dy)],
      down: (dx, dy) => [dy, Math.abs(dx)],
      up: (dx, dy) => [-dy, Math.abs(dx)],
    };
    for (const direction of ["left", "right", "up", "down"] as const)
      for (let from = 0; from < 300; from += 7) {
        const way = (i: number): number => {
          const [along, aside] = turns[direction](at(buckets, i).x - at(buckets, from).x, at(buckets, i).y - at(buckets, from).y);
          return along > 0 && aside <= along ? along + 2 * aside : Infinity;
        };
        const least = Math.min(...[...buckets.x.keys()].map(way));
        const to = buckets.toward(from, direction);
        expect(to < 0 ? Infinity : way(to)).toBe(least);
      }
  });

  it("walk along the rows and columns of a grid", () => {
    const x = Float32Array.from({ length: 12 }, (_, i) => (i % 4) / 4);
    const y = Float32Array.from({ length: 12 }, (_, i) => Math.floor(i / 4) / 4);
    const grid = new Buckets(x, y);
    expect(grid.toward(5, "right")).toBe(6);
    expect(grid.toward(5, "left")).toBe(4);
    expect(grid.toward(5, "up")).toBe(1);
    expect(grid.toward(5, "down")).toBe(9);
    expect(grid.toward(3, "right")).toBe(-1);
  });

  it("bear points that all lie in one place", () => {
    const same = new Buckets(new Float32Array(50).fill(0.5), new Float32Array(50).fill(0.5));
    expect(same.nearest({ x: 0.5, y: 0.5 })).toBeGreaterThanOrEqual(0);
    expect(same.toward(0, "left")).toBe(-1);
    expect(around(new Float32Array(), new Float32Array())).toEqual({ left: 0.5, top: 0.5, right: 0.5, bottom: 0.5 });
  });
});
