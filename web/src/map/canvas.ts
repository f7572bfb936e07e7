/** The map on a plain canvas, where WebGL2 is missing: the same, with fewer pictures at a time. */

import { CHOSEN, DIM, shaped } from "./drawlist";
import { DIMMED, FINER, type Finer, type Frame, type Painter, type Scene } from "./painter";
import { COLUMNS, PER_SHEET } from "./sheets";

const ROOM: Readonly<Record<Finer, number>> = { chosen: 1024, thumbnails: 128 };
/** As many pictures are drawn in a frame; of what is beyond that, every n-th, on dots of the rest. */
export const MOST_PICTURES = 4000;
/** As many dots: more lie on each other, and a million would keep each frame waiting. */
const MOST_DOTS = 200_000;

interface Kept {
  readonly bitmap: ImageBitmap;
  readonly x: number;
  readonly y: number;
}

export function canvasPainter(canvas: HTMLCanvasElement): Painter {
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser can draw neither by WebGL nor on a canvas.");
  return new CanvasPainter(canvas, pen);
}

class CanvasPainter implements Painter {
  readonly kind = "canvas";
  readonly copies = false;
  readonly room = ROOM;
  #scene: Scene | null = null;
  #look: Uint8Array = new Uint8Array();
  #dotted: ImageData | null = null; // written anew in every frame, made once
  #sheets: ImageBitmap[] = [];
  readonly #kept: Readonly<Record<Finer, Map<number, Kept>>> = { chosen: new Map(), thumbnails: new Map() };
  readonly #slots: Readonly<Record<Finer, Map<number, number>>> = { chosen: new Map(), thumbnails: new Map() };

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly pen: CanvasRenderingContext2D,
  ) {}

  open(scene: Scene): void {
    this.close();
    this.#scene = scene;
  }

  sheet(n: number, [bitmap]: readonly ImageBitmap[]): void {
    if (bitmap) this.#sheets[n] = bitmap;
  }

  keep(kind: Finer, slot: number, bitmap: ImageBitmap, x: number, y: number): void {
    this.#kept[kind].set(slot, { bitmap, x, y });
  }

  assign(kind: Finer, point: number, slot: number): void {
    if (slot < 0) this.#slots[kind].delete(point);
    else this.#slots[kind].set(point, slot);
  }

  look(bytes: Uint8Array): void {
    this.#look = bytes;
  }

  paint(frame: Frame): void {
    const { width, height } = this.canvas;
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    this.pen.clearRect(0, 0, width, height);
    if (!this.#scene) return;
    const every = frame.dots >= 1 ? Infinity : Math.max(1, Math.ceil(frame.count / MOST_PICTURES));
    if (every > 1) this.#dots(frame);
    if (every < Infinity) this.#pictures(frame, every);
  }

  close(): void {
    for (const kind of ["chosen", "thumbnails"] as const) {
      this.#kept[kind].clear();
      this.#slots[kind].clear();
    }
    this.#sheets = [];
    this.#look = new Uint8Array();
  }

  /** Squares of the colours, written pixel by pixel: a hundred thousand take a few milliseconds. */
  #dots(frame: Frame): void {
    const { width, height } = this.canvas;
    if (this.#dotted?.width !== width || this.#dotted.height !== height)
      this.#dotted = this.pen.createImageData(width, height);
    const pixels = new Uint32Array(this.#dotted.data.buffer).fill(0);
    const look = this.#look;
    const side = Math.max(2, Math.round(Math.min(frame.tile, 4) * frame.ratio));
    const at = this.#placed(frame, side / 2, side / 2);
    const every = Math.ceil(frame.count / MOST_DOTS);
    for (let i = 0; i < frame.count; i++) {
      const point = frame.list[i] ?? 0;
      if (point % every && look[point * 4 + 3] !== CHOSEN) continue; // the same ones in every frame
      const [x, y] = [at.x(point), at.y(point)];
      if (x < 0 || y < 0 || x + side > width || y + side > height) continue;
      const shown = look[point * 4 + 3] === DIM ? DIMMED : 1;
      const mixed = (part: 0 | 1 | 2): number => frame.ground[part] + ((look[point * 4 + part] ?? 0) - frame.ground[part]) * shown;
      const colour = (255 << 24) | (mixed(2) << 16) | (mixed(1) << 8) | mixed(0);
      for (let row = y; row < y + side; row++)
        for (let column = x; column < x + side; column++) pixels[row * width + column] = colour;
    }
    this.pen.putImageData(this.#dotted, 0, 0);
  }

  #pictures(frame: Frame, every: number): void {
    const { pen } = this;
    const border = frame.frame * frame.ratio;
    const at = this.#placed(frame, 0, 0);
    pen.imageSmoothingQuality = "medium";
    pen.globalAlpha = 1;
    for (let i = 0; i < frame.count; i++) {
      const point = frame.list[i] ?? 0;
      const state = this.#look[point * 4 + 3];
      if (point % every && state !== CHOSEN) continue; // by number: the same ones in every frame
      const size = shaped(frame.tile * frame.ratio, this.#scene?.ratios[point] ?? 1);
      const [x, y] = [Math.round(at.x(point) - size.width / 2), Math.round(at.y(point) - size.height / 2)];
      if (state === DIM) {
        pen.globalAlpha = 1;
        pen.fillStyle = `rgb(${frame.ground.join(" ")})`;
        pen.fillRect(x - border, y - border, size.width + 2 * border, size.height + 2 * border);
        pen.globalAlpha = DIMMED;
      }
      const picture = this.#picture(point);
      const colour = `rgb(${this.#look[point * 4]} ${this.#look[point * 4 + 1]} ${this.#look[point * 4 + 2]})`;
      if (border > 0 || !picture) {
        pen.fillStyle = colour;
        pen.fillRect(x - border, y - border, size.width + 2 * border, size.height + 2 * border);
      }
      if (!picture) {
        pen.globalAlpha = 1;
        continue;
      }
      const { bitmap, sx, sy, side } = picture;
      pen.drawImage(bitmap, sx, sy, side, side, x, y, size.width, size.height);
      if (frame.dots > 0) {
        pen.globalAlpha *= frame.dots;
        pen.fillStyle = colour;
        pen.fillRect(x, y, size.width, size.height);
      }
      pen.globalAlpha = 1;
    }
  }

  /** The finest picture there is of a point. */
  #picture(point: number): { bitmap: ImageBitmap; sx: number; sy: number; side: number } | null {
    for (const kind of ["thumbnails", "chosen"] as const) {
      const kept = this.#kept[kind].get(this.#slots[kind].get(point) ?? -1);
      if (kept) return { bitmap: kept.bitmap, sx: kept.x, sy: kept.y, side: FINER[kind] };
    }
    const cell = this.#scene?.cells[point] ?? 0;
    const side = this.#scene?.side ?? 8;
    const bitmap = this.#sheets[Math.floor(cell / PER_SHEET)];
    const within = cell % PER_SHEET;
    return bitmap ? { bitmap, sx: (within % COLUMNS) * side, sy: Math.floor(within / COLUMNS) * side, side } : null;
  }

  /** How to find the top left corner, in device pixels, of what is centred on a point. */
  #placed({ view, size, ratio, morph }: Frame, halfWidth: number, halfHeight: number): Placed {
    const { scatter, grid } = this.#scene ?? NOWHERE;
    const scale = view.scale * ratio;
    const [left, top] = [(size.width / 2) * ratio - halfWidth, (size.height / 2) * ratio - halfHeight];
    const mixed = (a: number, b: number): number => a + (b - a) * morph;
    return {
      x: (point) => Math.round((mixed(scatter.x[point] ?? 0, grid.x[point] ?? 0) - view.x) * scale + left),
      y: (point) => Math.round((mixed(scatter.y[point] ?? 0, grid.y[point] ?? 0) - view.y) * scale + top),
    };
  }
}

interface Placed {
  readonly x: (point: number) => number;
  readonly y: (point: number) => number;
}

const EMPTY = { x: new Float32Array(), y: new Float32Array() };
const NOWHERE = { scatter: EMPTY, grid: EMPTY };
