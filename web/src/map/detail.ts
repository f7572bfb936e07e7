/** How large pictures are drawn, and how fine they have to be. */

/** From dots to pictures: below this many pixels nothing is seen of a picture but its colour. */
export const DOT = 3;
const SMALLEST = 1.5;
const LARGEST = 300;
/** Zooming in makes pictures grow less than the distances between them: what overlaps comes apart. */
const GROWTH = 0.8;
const GAP = 0.92;

/** Steps of the size of pictures, as multiples of the mean distance between them. */
export const SIZES = [0.15, 0.4, 0.7, 1, 1.4, 2, 3, 4.5] as const;
export const USUAL_SIZE = 3;

export type Level = "dots" | "sheets" | "chosen" | "thumbnails";

export interface Spread {
  /** Mean distance of neighbours, if all lay evenly, in units of the map. */
  readonly spacing: number;
  /** Pixels per unit in the view that shows everything. */
  readonly whole: number;
}

/** Mean distance of n neighbours that lie evenly in a box, or along a line where that is flat. */
export function spacing(width: number, height: number, n: number): number {
  return Math.max(Math.sqrt(Math.max(width * height, 1e-6) / Math.max(1, n)), Math.max(width, height) / Math.max(1, n));
}

/** The longest side of a picture among scattered ones, in pixels. */
export function scattered(spread: Spread, scale: number, size: number): number {
  const whole = spread.spacing * spread.whole * size;
  return clamp(whole * (scale / spread.whole) ** GROWTH);
}

/** The longest side of a picture on a grid, in pixels: its cell without a gap. */
export function gridded(pitch: number, scale: number): number {
  return clamp(pitch * scale * GAP);
}

/**
 * What to draw pictures from: sheets of everything, finer ones of what is in view, thumbnails.
 *
 * Parameters: longest side in pixels of the page, device pixels per such pixel, side of the sprites
 * of everything.
 */
export function level(tile: number, ratio: number, side: number): Level {
  if (tile < DOT) return "dots";
  const wanted = tile * ratio;
  if (wanted > 96) return "thumbnails";
  return wanted > side * 1.25 && side < 64 ? "chosen" : "sheets";
}

function clamp(tile: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, tile));
}
