/** Where one looks at a map from: plain arithmetic between the map's coordinates and pixels. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the map. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The place of the map that is in the middle of the screen, and pixels per unit of the map. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** How far one can go in, as a multiple of the view that shows everything. */
const DEEPEST = 4000;
const FARTHEST = 0.5;
const MARGIN = 0.06;

/** The view that shows a rectangle with a margin. */
export function fit(rect: Rect, size: Size, margin = MARGIN): View {
  const width = Math.max(rect.right - rect.left, 1e-9);
  const height = Math.max(rect.bottom - rect.top, 1e-9);
  const room = 1 - 2 * margin;
  return {
    x: (rect.left + rect.right) / 2,
    y: (rect.top + rect.bottom) / 2,
    scale: Math.max(1e-6, Math.min((size.width * room) / width, (size.height * room) / height)),
  };
}

export function toScreen(view: View, size: Size, point: Point): Point {
  return {
    x: (point.x - view.x) * view.scale + size.width / 2,
    y: (point.y - view.y) * view.scale + size.height / 2,
  };
}

export function toMap(view: View, size: Size, pixel: Point): Point {
  return {
    x: (pixel.x - size.width / 2) / view.scale + view.x,
    y: (pixel.y - size.height / 2) / view.scale + view.y,
  };
}

/** The part of the map in view, with some pixels more on each side. */
export function seen(view: View, size: Size, more = 0): Rect {
  const [x, y] = [(size.width / 2 + more) / view.scale, (size.height / 2 + more) / view.scale];
  return { left: view.x - x, top: view.y - y, right: view.x + x, bottom: view.y + y };
}

/** Zoom by a factor, so that what is below the pixel stays there. */
export function zoomAt(view: View, size: Size, pixel: Point, factor: number): View {
  const held = toMap(view, size, pixel);
  const scale = view.scale * factor;
  return {
    x: held.x - (pixel.x - size.width / 2) / scale,
    y: held.y - (pixel.y - size.height / 2) / scale,
    scale,
  };
}

/** Move by pixels: what was at the pixel before is dx, dy further. */
export function pan(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale };
}

/** Two fingers: what was below them stays below them (without turning). */
export function pinch(
  view: View,
  size: Size,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
): View {
  const middle = ([a, b]: readonly [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const apart = ([a, b]: readonly [Point, Point]): number => Math.hypot(a.x - b.x, a.y - b.y);
  const [from, to] = [middle(before), middle(after)];
  const moved = pan(view, to.x - from.x, to.y - from.y);
  return zoomAt(moved, size, to, apart(after) / Math.max(1, apart(before)));
}

/** Keep the map in sight: not too far, not too near, its rectangle never out of the screen. */
export function within(view: View, rect: Rect, size: Size): View {
  const whole = fit(rect, size).scale;
  const scale = clamp(view.scale, whole * FARTHEST, whole * DEEPEST);
  return {
    x: clamp(view.x, rect.left, rect.right),
    y: clamp(view.y, rect.top, rect.bottom),
    scale,
  };
}

/** Between two views at t in [0, 1]: scales in equal ratios, so that a zoom feels even. */
export function between(from: View, to: View, t: number): View {
  const ratio = to.scale / from.scale;
  const scale = from.scale * ratio ** t;
  // The same share of the way as the growth of 1 / scale, so that a zoom goes straight to its aim.
  const share = Math.abs(ratio - 1) < 1e-6 ? t : (1 - ratio ** -t) / (1 - 1 / ratio);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, scale };
}

/** Slow at both ends. */
export function ease(t: number): number {
  return t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
}

/** Move just so far that a point of the map is at least `margin` pixels from every side. */
export function reveal(view: View, size: Size, point: Point, margin: number): View {
  const at = toScreen(view, size, point);
  const [w, h] = [Math.min(margin, size.width / 2), Math.min(margin, size.height / 2)];
  return pan(view, clamp(at.x, w, size.width - w) - at.x, clamp(at.y, h, size.height - h) - at.y);
}

/** Write a view for the address: the middle, and the zoom as a multiple of the whole. */
export function formatView(view: View, whole: View): string {
  const round = (value: number): string => String(Number(value.toPrecision(5)));
  return [view.x, view.y, view.scale / whole.scale].map(round).join(",");
}

/** Read what `formatView` wrote; null for anything else. */
export function parseView(text: string | null, whole: View): View | null {
  const [x, y, zoom, ...more] = (text ?? "").split(",").map((part) => (part.trim() ? Number(part) : NaN));
  if (x === undefined || y === undefined || zoom === undefined || more.length) return null;
  if (!Number.isFinite(x) || !Number.isFinite(y) || !(zoom > 0) || !Number.isFinite(zoom)) return null;
  return { x, y, scale: whole.scale * zoom };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
