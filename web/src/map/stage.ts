/**
 * A map on a canvas: what is seen, from where, how large; it draws only when something changed.
 *
 * Everything that decides is here and in the modules it calls; painters only draw.
 */

import { Buckets } from "./buckets";
import type { Colour } from "./colour";
import { DOT, gridded, level, scattered, spacing, SIZES, USUAL_SIZE, type Spread } from "./detail";
import { drawList, picked, PLAIN, shaped, type Box } from "./drawlist";
import { enclosed } from "./lasso";
import { Loader, type Progress, type Supply } from "./loader";
import type { Finer, Painter, Scene } from "./painter";
import type { Points } from "./points";
import { cellsOf, pagesOf, sideFor } from "./sheets";
import {
  between,
  ease,
  fit,
  reveal,
  seen,
  toMap,
  toScreen,
  within,
  type Point,
  type Rect,
  type Size,
  type View,
} from "./view";

export type LayoutName = "scatter" | "grid";

export interface Land {
  readonly points: Points;
  readonly grid: Points;
  /** Of a cell of the grid, in units of the map. */
  readonly pitch: number;
  readonly ratios: Float32Array;
}

export interface Events {
  /** The view or the layout is another: what lies over the canvas moves along. */
  viewed(): void;
  progressed(progress: Progress): void;
}

/** Memory for sheets of everything. */
const MOST = { webgl: { bytes: 160 * 2 ** 20, layers: 64 }, canvas: { bytes: 96 * 2 ** 20, layers: 64 } };
const ZOOM_TIME = 260;
const MORPH_TIME = 900;
const SETTLED = 90; // milliseconds without movement, after which finer pictures are asked for
const REACH = 14; // pixels from a dot that still mean it

interface Motion<T> {
  readonly from: T;
  readonly to: T;
  readonly begun: number;
  readonly lasts: number;
}

export class Stage {
  readonly #scene: Scene;
  readonly #loader: Loader;
  readonly #buckets: Readonly<Record<LayoutName, Buckets>>;
  readonly #states: Uint8Array;
  readonly #list: Uint32Array;
  #count = 0;
  #version = 0;
  #listed: Rect | null = null; // what the list covers
  #layout: LayoutName = "scatter";
  #view: View = { x: 0.5, y: 0.5, scale: 1 };
  #size: Size = { width: 1, height: 1 };
  #ratio = 1;
  #step = USUAL_SIZE;
  #coloured = false;
  #ground: Colour = [255, 255, 255];
  #morph = 0;
  #moving: Motion<View> | null = null;
  #morphing: Motion<number> | null = null;
  #request = 0;
  #settling: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(
    private readonly painter: Painter,
    readonly land: Land,
    supply: Supply,
    private readonly events: Events,
  ) {
    const { points, grid, ratios } = land;
    const pages = pagesOf(points.ids);
    const side = sideFor(pages.length, MOST[painter.kind]);
    this.#scene = { scatter: points, grid, ratios, cells: cellsOf(points.ids, pages), side, sheets: pages.length };
    this.#buckets = { scatter: new Buckets(points.x, points.y), grid: new Buckets(grid.x, grid.y) };
    this.#states = new Uint8Array(this.length).fill(PLAIN);
    this.#list = new Uint32Array(this.length);
    painter.open(this.#scene);
    this.#loader = new Loader(painter, supply, points.ids, pages, side, () => {
      this.events.progressed(this.#loader.progress);
      this.draw();
    });
    void this.#loader.start();
  }

  get length(): number {
    return this.land.points.ids.length;
  }

  get view(): View {
    return this.#view;
  }

  get layout(): LayoutName {
    return this.#layout;
  }

  /** The view that shows everything. */
  get whole(): View {
    return fit(this.#bounds, this.#size);
  }

  /** Where it will look when what moves has come to rest. */
  get aim(): View {
    return this.#moving?.to ?? this.#view;
  }

  /** Longest side of a picture now, pixels. */
  get tile(): number {
    const grid = gridded(this.land.pitch, this.#view.scale);
    const scatter = scattered(this.#spread, this.#view.scale, SIZES[this.#step] ?? 1);
    return scatter * (grid / scatter) ** this.#morph; // in equal ratios
  }

  resize(size: Size, ratio: number): void {
    const before = this.#size;
    this.#ratio = ratio;
    this.#size = size;
    if (before.width > 1) {
      const factor = fit(this.#bounds, size).scale / fit(this.#bounds, before).scale;
      this.#view = { ...this.#view, scale: this.#view.scale * factor };
    }
    this.#moving = null;
    this.#stale();
  }

  /** Look from elsewhere, at once or in a smooth movement. */
  look(view: View, smooth = false): void {
    const to = within(view, this.#bounds, this.#size);
    if (smooth) {
      this.#moving = { from: this.#view, to, begun: performance.now(), lasts: ZOOM_TIME };
    } else {
      this.#moving = null;
      this.#view = to;
    }
    this.draw();
  }

  /** Go to the other layout; the whole of it comes into view. */
  arrange(layout: LayoutName, smooth = false): void {
    const from = this.#morph;
    this.#layout = layout;
    const to = layout === "grid" ? 1 : 0;
    if (smooth && from !== to) {
      const begun = performance.now();
      this.#morphing = { from, to, begun, lasts: MORPH_TIME };
      this.#moving = { from: this.#view, to: this.whole, begun, lasts: MORPH_TIME };
    } else {
      this.#morphing = null;
      this.#morph = to;
    }
    this.#stale();
  }

  /** Size of the scattered pictures, a step of `SIZES`. */
  enlarge(step: number): void {
    this.#step = step;
    this.#stale();
  }

  /**
   * Give every picture its colour and say how it stands out.
   *
   * Parameters: three bytes a point, whether these are colours of a legend (else they only stand
   * for pictures that have not come), one of `drawlist`'s states a point, the colour of the ground.
   */
  colour(colours: Uint8Array, legend: boolean, states: Uint8Array, ground: Colour): void {
    this.#ground = ground;
    const bytes = new Uint8Array(this.length * 4);
    for (let i = 0; i < this.length; i++) {
      bytes[i * 4] = colours[i * 3] ?? 0;
      bytes[i * 4 + 1] = colours[i * 3 + 1] ?? 0;
      bytes[i * 4 + 2] = colours[i * 3 + 2] ?? 0;
      bytes[i * 4 + 3] = states[i] ?? PLAIN;
    }
    this.#states.set(states);
    this.#coloured = legend;
    this.painter.look(bytes);
    this.#stale();
  }

  /** The picture below a pixel, or -1. */
  pick(pixel: Point): number {
    const { scale } = this.#view;
    const place = toMap(this.#view, this.#size, pixel);
    return picked(this.#here, this.#states, this.land.ratios, place, this.tile / scale, REACH / scale);
  }

  /** The points inside of a loop on the map. */
  enclosed(loop: readonly Point[], layout: LayoutName): number[] {
    return enclosed(this.#buckets[layout], loop);
  }

  /** The next point from one in a direction; from none (-1) the one nearest the middle. */
  step(from: number, direction: "left" | "right" | "up" | "down"): number {
    return from < 0 ? this.#here.nearest(this.#view) : this.#here.toward(from, direction);
  }

  /** Move a picture into view if it is not well inside. */
  reveal(point: number): void {
    const margin = this.tile / 2 + 40;
    const to = reveal(this.aim, this.#size, this.place(point), margin);
    if (to !== this.aim) this.look(to, true);
  }

  /** Where a point lies on the map. */
  place(point: number): Point {
    const { x, y } = this.#here;
    return { x: x[point] ?? 0, y: y[point] ?? 0 };
  }

  /** Where a picture is on the screen. */
  box(point: number): Box {
    const middle = toScreen(this.#view, this.#size, this.place(point));
    const { width, height } = shaped(this.tile, this.land.ratios[point] ?? 1);
    return { left: middle.x - width / 2, top: middle.y - height / 2, width, height };
  }

  toScreen(point: Point): Point {
    return toScreen(this.#view, this.#size, point);
  }

  toMap(pixel: Point): Point {
    return toMap(this.#view, this.#size, pixel);
  }

  /** The points in view, those nearest the middle first. */
  inView(most: number): number[] {
    const found: number[] = [];
    this.#here.within(seen(this.#view, this.#size), (point) => found.push(point));
    const away = new Map(found.map((point) => [point, this.#away(point)]));
    return found.sort((a, b) => (away.get(a) ?? 0) - (away.get(b) ?? 0)).slice(0, most);
  }

  /** Draw in the next frame. */
  draw(): void {
    if (this.#request || this.#closed) return;
    this.#request = requestAnimationFrame((now) => this.#frame(now));
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#request);
    if (this.#settling) clearTimeout(this.#settling);
    this.#loader.stop();
    this.painter.close();
  }

  get #here(): Buckets {
    return this.#buckets[this.#layout];
  }

  get #bounds(): Rect {
    const { bounds } = this.#here;
    const half = this.land.pitch / 2;
    return { left: bounds.left - half, top: bounds.top - half, right: bounds.right + half, bottom: bounds.bottom + half };
  }

  get #spread(): Spread {
    const { left, top, right, bottom } = this.#buckets.scatter.bounds;
    return { spacing: spacing(right - left, bottom - top, this.length), whole: fit(this.#buckets.scatter.bounds, this.#size).scale };
  }

  #away(point: number): number {
    const { x, y } = this.place(point);
    return Math.hypot(x - this.#view.x, y - this.#view.y);
  }

  #stale(): void {
    this.#listed = null;
    this.draw();
  }

  #frame(now: number): void {
    this.#request = 0;
    const moved = this.#advance(now);
    this.#fillList();
    const tile = this.tile;
    this.painter.paint({
      view: this.#view,
      size: this.#size,
      ratio: this.#ratio,
      morph: this.#morph,
      tile,
      frame: this.#coloured && tile >= 6 ? Math.min(4, Math.max(1, tile * 0.045)) : 0,
      dots: this.#dots(tile),
      ground: this.#ground,
      list: this.#list,
      count: this.#count,
      version: this.#version,
    });
    this.events.viewed();
    if (this.#settling) clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#ask(), SETTLED);
    if (moved) this.draw();
  }

  /** Bring what moves to where it is at this time; whether it goes on. */
  #advance(now: number): boolean {
    const share = (motion: Motion<unknown>): number =>
      ease(Math.min(1, Math.max(0, (now - motion.begun) / motion.lasts)));
    if (this.#moving) {
      const t = share(this.#moving);
      this.#view = between(this.#moving.from, this.#moving.to, t);
      if (t >= 1) this.#moving = null;
    }
    if (this.#morphing) {
      const t = share(this.#morphing);
      this.#morph = this.#morphing.from + (this.#morphing.to - this.#morphing.from) * t;
      if (t >= 1) this.#morphing = null;
      this.#listed = null;
    }
    return this.#moving !== null || this.#morphing !== null;
  }

  /** Where pictures are too small to be seen, the legend's colours are. */
  #dots(tile: number): number {
    if (tile < DOT) return 1;
    return this.#coloured ? Math.min(0.75, Math.max(0, (12 - tile) / (12 - DOT))) : 0;
  }

  /** List what is in view, and somewhat more, unless the list at hand still fits. */
  #fillList(): void {
    if (this.#morphing) {
      if (this.#listed === EVERYWHERE) return;
      this.#listed = EVERYWHERE;
    } else {
      const needed = seen(this.#view, this.#size, this.tile / 2 + 8);
      if (this.#listed && covers(this.#listed, needed) && area(this.#listed) < 4 * area(needed)) return;
      this.#listed = seen(this.#view, this.#size, this.tile / 2 + 8 + 0.2 * Math.max(this.#size.width, this.#size.height));
    }
    this.#count = drawList(this.#here, this.#states, this.#listed, this.#list);
    this.#version += 1;
  }

  /** Ask for pictures as fine as they are drawn. */
  #ask(): void {
    this.#settling = null;
    const fineness = level(this.tile, this.#ratio, this.#scene.side);
    const want = (kind: Finer, most: number): void => this.#loader.want(kind, this.inView(most));
    if (fineness === "thumbnails") want("thumbnails", this.painter.room.thumbnails - 32);
    if (fineness !== "sheets" && fineness !== "dots" && this.#scene.side < 64)
      want("chosen", this.painter.room.chosen - 256);
  }
}

const EVERYWHERE: Rect = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

function covers(outer: Rect, inner: Rect): boolean {
  return outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom;
}

function area({ left, top, right, bottom }: Rect): number {
  return (right - left) * (bottom - top);
}
