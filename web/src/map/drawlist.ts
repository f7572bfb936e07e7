/** What is drawn, and in which order: only what is in view, what matters on top. */

import type { Buckets } from "./buckets";
import type { Rect } from "./view";

/** How a picture stands out. */
export const HIDDEN = 0;
export const DIM = 1;
export const PLAIN = 2;
export const CHOSEN = 3;

/**
 * Parameters: the points, how each stands out, the part of the map in view.
 * Writes the points to draw into `into` and returns how many: dim ones first, chosen ones last.
 */
export function drawList(
  buckets: Buckets,
  states: Uint8Array,
  rect: Rect,
  into: Uint32Array,
): number {
  const counts = [0, 0, 0, 0];
  buckets.within(rect, (point) => {
    const state = states[point] ?? HIDDEN;
    counts[state] = (counts[state] ?? 0) + 1;
  });
  const next = [0, 0, counts[DIM] ?? 0, (counts[DIM] ?? 0) + (counts[PLAIN] ?? 0)];
  buckets.within(rect, (point) => {
    const state = states[point] ?? HIDDEN;
    if (state === HIDDEN) return;
    const at = next[state] ?? 0;
    into[at] = point;
    next[state] = at + 1;
  });
  return (counts[DIM] ?? 0) + (counts[PLAIN] ?? 0) + (counts[CHOSEN] ?? 0);
}

/** Where a picture is on the screen, pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Width and height of a picture whose longest side is `tile`. */
export function shaped(tile: number, ratio: number): { width: number; height: number } {
  return ratio >= 1 ? { width: tile, height: tile / ratio } : { width: tile * ratio, height: tile };
}

/**
 * The picture below a place of the map: the topmost one that covers it, else the nearest one
 * within `reach`; -1 for none.
 *
 * Parameters: longest side of pictures and reach, both in units of the map; shapes by point.
 */
export function picked(
  buckets: Buckets,
  states: Uint8Array,
  ratios: Float32Array,
  place: { x: number; y: number },
  tile: number,
  reach: number,
): number {
  const half = tile / 2;
  let best = -1;
  let height = -1;
  const rect = { left: place.x - half, top: place.y - half, right: place.x + half, bottom: place.y + half };
  buckets.within(rect, (point) => {
    const state = states[point] ?? HIDDEN;
    if (state === HIDDEN) return;
    const size = shaped(tile, ratios[point] ?? 1);
    if (Math.abs((buckets.x[point] ?? 0) - place.x) > size.width / 2) return;
    if (Math.abs((buckets.y[point] ?? 0) - place.y) > size.height / 2) return;
    const above = state * buckets.length + (buckets.ranks[point] ?? 0);
    if (above > height) [best, height] = [point, above];
  });
  if (best >= 0) return best;
  const nearest = buckets.nearest(place, reach);
  return nearest >= 0 && states[nearest] !== HIDDEN ? nearest : -1;
}
