/** Fingers, mouse and pen → what they mean: moving, zooming, drawing a loop, choosing a picture. */

import type { Point } from "./view";

export type Tool = "move" | "lasso" | "rectangle";

export interface Pointer extends Point {
  readonly id: number;
  readonly touch: boolean;
  /** Adds to what is chosen: Shift, Ctrl or ⌘ is down. */
  readonly adds: boolean;
}

export type Gesture =
  | { readonly kind: "pan"; readonly dx: number; readonly dy: number }
  | { readonly kind: "pinch"; readonly before: readonly [Point, Point]; readonly after: readonly [Point, Point] }
  /** A loop that is being drawn, then one that is closed; null: it was given up. */
  | { readonly kind: "draw"; readonly path: readonly Point[] | null }
  | { readonly kind: "drawn"; readonly path: readonly Point[]; readonly adds: boolean }
  | { readonly kind: "tap"; readonly at: Point; readonly adds: boolean; readonly touch: boolean };

/** A pointer that moved no farther than this has tapped. */
const STILL = { mouse: 4, touch: 10 };
const LEAST_STEP = 3;

export class Gestures {
  readonly #down = new Map<number, Point>();
  #begun: Point | null = null;
  #moved = false;
  #pinched = false;
  #path: Point[] | null = null;

  /** Whether a loop is being drawn. */
  get drawing(): boolean {
    return this.#path !== null;
  }

  down(pointer: Pointer, tool: Tool): Gesture[] {
    this.#down.set(pointer.id, pointer);
    if (this.#down.size === 1) {
      this.#begun = pointer;
      this.#moved = false;
      this.#pinched = false;
      // With the plain tool, Shift and drag draws a loop at once.
      this.#path = tool !== "move" || (pointer.adds && !pointer.touch) ? [at(pointer)] : null;
      return [];
    }
    this.#pinched = true; // a second finger: it was no loop
    if (this.#path === null) return [];
    this.#path = null;
    return [{ kind: "draw", path: null }];
  }

  move(pointer: Pointer, tool: Tool): Gesture[] {
    const last = this.#down.get(pointer.id);
    if (!last) return [];
    const before = [...this.#down.values()];
    this.#down.set(pointer.id, pointer);
    const after = [...this.#down.values()];
    const [b0, b1] = before;
    const [a0, a1] = after;
    if (b0 && b1 && a0 && a1) return [{ kind: "pinch", before: [b0, b1], after: [a0, a1] }];
    const still = pointer.touch ? STILL.touch : STILL.mouse;
    if (!this.#moved && this.#begun && apart(this.#begun, pointer) <= still) return [];
    const from = this.#moved ? last : (this.#begun ?? last);
    this.#moved = true;
    if (this.#path) {
      this.#extend(pointer, tool);
      return [{ kind: "draw", path: this.#path }];
    }
    return this.#pinched ? [] : [{ kind: "pan", dx: pointer.x - from.x, dy: pointer.y - from.y }];
  }

  up(pointer: Pointer): Gesture[] {
    if (!this.#down.delete(pointer.id)) return [];
    if (this.#down.size) return [];
    const path = this.#path;
    this.#path = null;
    if (this.#pinched) return [];
    if (path && this.#moved) {
      return [{ kind: "draw", path: null }, ...(path.length > 2 ? [{ kind: "drawn", path, adds: pointer.adds } as const] : [])];
    }
    return this.#moved ? [] : [{ kind: "tap", at: at(pointer), adds: pointer.adds, touch: pointer.touch }];
  }

  /** Give up what was begun: Esc, or the system took the pointer. */
  cancel(): Gesture[] {
    const drew = this.#path !== null;
    this.#down.clear();
    this.#path = null;
    return drew ? [{ kind: "draw", path: null }] : [];
  }

  #extend(pointer: Point, tool: Tool): void {
    const [first] = this.#path ?? [];
    const last = this.#path?.at(-1);
    if (!this.#path || !first || !last) return;
    if (tool === "rectangle")
      this.#path = [first, { x: pointer.x, y: first.y }, at(pointer), { x: first.x, y: pointer.y }];
    else if (apart(last, pointer) >= LEAST_STEP) this.#path = [...this.#path, at(pointer)];
  }
}

/** How much a turn of the wheel zooms; pinching on a touchpad comes as a wheel with Ctrl. */
export function wheelFactor(deltaY: number, deltaMode: number, ctrl: boolean): number {
  const pixels = deltaY * (deltaMode === 1 ? 16 : deltaMode === 2 ? 400 : 1);
  const limited = Math.max(-240, Math.min(240, pixels));
  return Math.exp(-limited * (ctrl ? 0.01 : 0.0018));
}

function at({ x, y }: Point): Point {
  return { x, y };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
