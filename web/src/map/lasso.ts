/** A loop drawn around pictures: what is inside, how it fits into an address. */

import type { Buckets } from "./buckets";
import type { Point, Rect } from "./view";

/** Corners of the loop in the address: more are not needed to say what was meant. */
const MOST_CORNERS = 60;
const STEPS = 36 ** 3 - 1;

export function rectangle(a: Point, b: Point): Point[] {
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

/** Whether a place is inside a closed loop (by the even-odd rule, for loops that cross themselves). */
export function contains(loop: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  for (let i = 0, j = loop.length - 1; i < loop.length; j = i++) {
    const [a, b] = [loop[i], loop[j]];
    if (!a || !b || a.y > y === b.y > y) continue;
    if (x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** The points whose middle is inside the loop. */
export function enclosed(buckets: Buckets, loop: readonly Point[]): number[] {
  const found: number[] = [];
  if (loop.length < 3) return found;
  buckets.within(boundsOf(loop), (point) => {
    if (contains(loop, { x: buckets.x[point] ?? 0, y: buckets.y[point] ?? 0 })) found.push(point);
  });
  return found;
}

function boundsOf(loop: readonly Point[]): Rect {
  const [xs, ys] = [loop.map(({ x }) => x), loop.map(({ y }) => y)];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/**
 * Leave out the corners that matter least, until none but those farther than `tolerance` from
 * the line between their neighbours are left, and no more than an address should hold.
 */
export function simplified(loop: readonly Point[], tolerance: number): Point[] {
  let kept = douglas(loop, tolerance);
  for (let wider = tolerance * 1.5; kept.length > MOST_CORNERS; wider *= 1.5)
    kept = douglas(loop, wider);
  return kept;
}

/** Ramer, Douglas and Peucker's way, without recursion. */
function douglas(line: readonly Point[], tolerance: number): Point[] {
  if (line.length < 3) return [...line];
  const keep = new Set([0, line.length - 1]);
  const open: [number, number][] = [[0, line.length - 1]];
  for (let part = open.pop(); part; part = open.pop()) {
    const [first, last] = part;
    let [farthest, distance] = [-1, tolerance];
    for (let i = first + 1; i < last; i++) {
      const d = off(line[i], line[first], line[last]);
      if (d > distance) [farthest, distance] = [i, d];
    }
    if (farthest < 0) continue;
    keep.add(farthest);
    open.push([first, farthest], [farthest, last]);
  }
  return line.filter((_, i) => keep.has(i));
}

/** How far a point lies from the line between two others. */
function off(point?: Point, a?: Point, b?: Point): number {
  if (!point || !a || !b) return 0;
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(point.x - a.x, point.y - a.y);
  return Math.abs(dx * (a.y - point.y) - dy * (a.x - point.x)) / length;
}

/** Write a loop for the address: six letters and digits a corner. */
export function formatLoop(loop: readonly Point[]): string {
  const written = (value: number): string =>
    Math.round(Math.min(1, Math.max(0, (value + 0.5) / 2)) * STEPS)
      .toString(36)
      .padStart(3, "0");
  return loop.map(({ x, y }) => written(x) + written(y)).join("");
}

/** Read what `formatLoop` wrote; empty for anything else. */
export function parseLoop(text: string): Point[] {
  if (!/^([0-9a-z]{6}){3,}$/.test(text)) return [];
  const value = (at: number): number => (parseInt(text.slice(at, at + 3), 36) / STEPS) * 2 - 0.5;
  return Array.from({ length: text.length / 6 }, (_, i) => ({ x: value(i * 6), y: value(i * 6 + 3) }));
}
