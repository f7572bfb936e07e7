/** Which pictures are where: points sorted into square cells, found again without a search. */

import type { Point, Rect } from "./view";

const PER_CELL = 4;
const MOST_CELLS = 1024;

export type Direction = "left" | "right" | "up" | "down";

export class Buckets {
  readonly #columns: number;
  readonly #rows: number;
  readonly #left: number;
  readonly #top: number;
  readonly #cell: number;
  /** Where each cell's points begin in `order`. */
  readonly #starts: Uint32Array;
  /** Places in the order of drawing: looking through a cell then goes straight through memory. */
  readonly #xs: Float32Array;
  readonly #ys: Float32Array;
  /** Points cell by cell, row by row, from the top down in a cell: also the order of drawing. */
  readonly order: Uint32Array;
  /** The place of each point in `order`. */
  readonly ranks: Uint32Array;
  /** The smallest rectangle around all points. */
  readonly bounds: Rect;

  constructor(
    readonly x: Float32Array,
    readonly y: Float32Array,
  ) {
    const n = x.length;
    this.bounds = around(x, y);
    const [width, height] = [this.bounds.right - this.bounds.left, this.bounds.bottom - this.bounds.top];
    const longest = Math.max(width, height, 1e-9);
    const area = Math.max(width, longest / 64) * Math.max(height, longest / 64);
    this.#cell = Math.max(Math.sqrt((area * PER_CELL) / Math.max(1, n)), longest / MOST_CELLS);
    this.#columns = Math.floor(width / this.#cell) + 1;
    this.#rows = Math.floor(height / this.#cell) + 1;
    this.#left = this.bounds.left;
    this.#top = this.bounds.top;

    const cells = new Uint32Array(n);
    const starts = new Uint32Array(this.#columns * this.#rows + 1);
    for (let i = 0; i < n; i++) {
      const cell = this.#row(y[i] ?? 0) * this.#columns + this.#column(x[i] ?? 0);
      cells[i] = cell;
      starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
    }
    for (let cell = 0; cell + 1 < starts.length; cell++)
      starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
    const next = starts.slice();
    this.order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const cell = cells[i] ?? 0;
      const at = next[cell] ?? 0;
      this.order[at] = i;
      next[cell] = at + 1;
    }
    this.#starts = starts;
    for (let cell = 0; cell + 1 < starts.length; cell++)
      this.order.subarray(starts[cell], starts[cell + 1]).sort((a, b) => (y[a] ?? 0) - (y[b] ?? 0) || a - b);
    this.#xs = Float32Array.from(this.order, (point) => x[point] ?? 0);
    this.#ys = Float32Array.from(this.order, (point) => y[point] ?? 0);
    this.ranks = new Uint32Array(n);
    for (let rank = 0; rank < n; rank++) this.ranks[this.order[rank] ?? 0] = rank;
  }

  get length(): number {
    return this.order.length;
  }

  /** Call `visit` with every point of a rectangle, in the order of drawing. */
  within(rect: Rect, visit: (point: number) => void): void {
    if (this.length === 0) return;
    const [first, last] = [this.#column(rect.left), this.#column(rect.right)];
    const [top, bottom] = [this.#row(rect.top), this.#row(rect.bottom)];
    for (let row = top; row <= bottom; row++) {
      const from = this.#starts[row * this.#columns + first] ?? 0;
      const to = this.#starts[row * this.#columns + last + 1] ?? 0;
      for (let rank = from; rank < to; rank++) {
        const x = this.#xs[rank] ?? 0;
        const y = this.#ys[rank] ?? 0;
        if (x >= rect.left && x <= rect.right && y >= rect.top && y <= rect.bottom) visit(this.order[rank] ?? 0);
      }
    }
  }

  /** The point nearest to a place, at most `reach` away; -1 when there is none. */
  nearest({ x, y }: Point, reach = Infinity): number {
    let best = -1;
    let distance = reach;
    const look = (point: number): void => {
      const d = Math.hypot((this.x[point] ?? 0) - x, (this.y[point] ?? 0) - y);
      if (d <= distance && (d < distance || best < 0)) [best, distance] = [point, d];
    };
    for (const side of this.#widening()) {
      this.within({ left: x - side, top: y - side, right: x + side, bottom: y + side }, look);
      if ((best >= 0 && distance <= side) || side >= reach) break;
    }
    return best;
  }

  /**
   * The next point from one in a direction: the one with the least way, where a step aside counts
   * double; only what lies within 45 degrees of the direction. -1 at the edge of the map.
   */
  toward(from: number, direction: Direction): number {
    const [x, y] = [this.x[from] ?? 0, this.y[from] ?? 0];
    const across = direction === "left" || direction === "right";
    const sign = direction === "left" || direction === "up" ? -1 : 1;
    let best = -1;
    let least = Infinity;
    const look = (point: number): void => {
      const [dx, dy] = [(this.x[point] ?? 0) - x, (this.y[point] ?? 0) - y];
      const along = sign * (across ? dx : dy);
      const aside = Math.abs(across ? dy : dx);
      const way = along + 2 * aside;
      if (along > 0 && aside <= along && way < least) [best, least] = [point, way];
    };
    for (const side of this.#widening()) {
      const rect = { left: x - side, top: y - side, right: x + side, bottom: y + side };
      if (across) this.within(sign > 0 ? { ...rect, left: x } : { ...rect, right: x }, look);
      else this.within(sign > 0 ? { ...rect, top: y } : { ...rect, bottom: y }, look);
      if (least <= side) break; // what lies farther than the side has a longer way
    }
    return best;
  }

  /** Half sides of growing squares, the last one so large that it holds everything. */
  *#widening(): Generator<number> {
    const { left, right, top, bottom } = this.bounds;
    const whole = 2 * (right - left + bottom - top) + 4 * this.#cell + 2;
    for (let side = this.#cell; side < whole; side *= 2) yield side;
    yield Infinity;
  }

  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((x - this.#left) / this.#cell)));
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.#top) / this.#cell)));
  }
}

/** The smallest rectangle around points; a point in the middle for none. */
export function around(x: Float32Array, y: Float32Array): Rect {
  if (x.length === 0) return { left: 0.5, top: 0.5, right: 0.5, bottom: 0.5 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [x[i] ?? 0, y[i] ?? 0];
    if (px < left) left = px;
    if (px > right) right = px;
    if (py < top) top = py;
    if (py > bottom) bottom = py;
  }
  return { left, top, right, bottom };
}
