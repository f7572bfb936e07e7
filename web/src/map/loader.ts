/** Brings pictures to the painter: sheets of everything once, finer ones as they come into view. */

import { FINER, halves, type Finer, type Painter } from "./painter";
import { COLUMNS, type Side } from "./sheets";
import { Slots } from "./slots";

/** Where pictures come from. */
export interface Supply {
  sheet(side: Side, page: number, signal: AbortSignal): Promise<Blob>;
  /** Sprites of 64 pixels in the order of the ids, 16 in a row. */
  chosen(ids: readonly number[], signal: AbortSignal): Promise<Blob>;
  /** Addresses of thumbnails, in the order of the ids; null where there is none. */
  thumbnails(ids: readonly number[]): Promise<(string | null)[]>;
}

export interface Progress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

const SHEETS_AT_ONCE = 4;
const TRIES = 4;
const BATCH: Readonly<Record<Finer, number>> = { chosen: 256, thumbnails: 24 };
const ACROSS = 16;

export class Loader {
  readonly #stopped = new AbortController();
  readonly #slots: Readonly<Record<Finer, Slots>>;
  readonly #wanted: Record<Finer, readonly number[]> = { chosen: [], thumbnails: [] };
  readonly #busy: Record<Finer, boolean> = { chosen: false, thumbnails: false };
  readonly #lost: Readonly<Record<Finer, Set<number>>> = { chosen: new Set(), thumbnails: new Set() };
  #done = 0;
  #failed = 0;

  /**
   * Parameters: who draws, where pictures come from, the ids of the points, the pages of the
   * sheets, whom to tell that something new can be drawn, how long to wait before a second try.
   */
  constructor(
    private readonly painter: Painter,
    private readonly supply: Supply,
    private readonly ids: Int32Array,
    private readonly pages: readonly number[],
    private readonly side: Side,
    private readonly came: () => void,
    private readonly pause = 1000,
  ) {
    this.#slots = { chosen: new Slots(painter.room.chosen), thumbnails: new Slots(painter.room.thumbnails) };
  }

  get progress(): Progress {
    return { done: this.#done, failed: this.#failed, total: this.pages.length };
  }

  /** Load the sheets of everything, a few at a time, in order. */
  async start(): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < this.pages.length && !this.#stopped.signal.aborted) await this.#sheet(next++);
    };
    await Promise.all(Array.from({ length: SHEETS_AT_ONCE }, work));
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Ask for finer pictures of these points, those that matter most first; earlier wishes lapse. */
  want(kind: Finer, points: readonly number[]): void {
    this.#wanted[kind] = points.slice(0, this.#slots[kind].size);
    // Backwards, so that what matters most was used last and stays longest.
    for (const point of [...this.#wanted[kind]].reverse()) this.#slots[kind].use(point);
    void this.#fill(kind);
  }

  async #sheet(n: number): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; ; attempt++) {
      try {
        const blob = await this.supply.sheet(this.side, this.pages[n] ?? 0, signal);
        const sizes = await this.#sizes(await createImageBitmap(blob));
        if (signal.aborted) return;
        this.painter.sheet(n, sizes);
        if (this.painter.copies) for (const bitmap of sizes) bitmap.close();
        this.#done += 1;
        break;
      } catch {
        if (signal.aborted) return;
        if (attempt === TRIES) {
          this.#failed += 1; // shown on the page; the colours stand for these pictures
          break;
        }
        await new Promise((again) => setTimeout(again, this.pause * 2 ** (attempt - 1)));
      }
    }
    this.came();
  }

  /** The sheet and, where they are used, its smaller copies: each pixel the mean of four. */
  async #sizes(bitmap: ImageBitmap): Promise<ImageBitmap[]> {
    const sides = this.painter.copies ? halves(this.side).slice(1) : [];
    const smaller = sides.map((side) =>
      createImageBitmap(bitmap, { resizeWidth: COLUMNS * side, resizeHeight: COLUMNS * side, resizeQuality: "medium" }),
    );
    return [bitmap, ...(await Promise.all(smaller))];
  }

  async #fill(kind: Finer): Promise<void> {
    if (this.#busy[kind]) return;
    this.#busy[kind] = true;
    try {
      for (;;) {
        const missing = this.#wanted[kind].filter((point) => !this.#slots[kind].has(point) && !this.#lost[kind].has(point));
        if (!missing.length || this.#stopped.signal.aborted) return;
        const batch = missing.slice(0, BATCH[kind]);
        await (kind === "chosen" ? this.#chosen(batch) : this.#thumbnails(batch));
        this.came();
      }
    } finally {
      this.#busy[kind] = false;
    }
  }

  async #chosen(points: readonly number[]): Promise<void> {
    const { signal } = this.#stopped;
    try {
      const blob = await this.supply.chosen(points.map((point) => this.ids[point] ?? 0), signal);
      const bitmap = await createImageBitmap(blob);
      if (signal.aborted) return;
      points.forEach((point, i) =>
        this.#place("chosen", point, bitmap, (i % ACROSS) * FINER.chosen, Math.floor(i / ACROSS) * FINER.chosen),
      );
      if (this.painter.copies) bitmap.close();
    } catch {
      for (const point of points) this.#lost.chosen.add(point); // the coarse ones stay
    }
  }

  async #thumbnails(points: readonly number[]): Promise<void> {
    const lose = (point: number): unknown => this.#lost.thumbnails.add(point);
    let addresses: (string | null)[] = [];
    try {
      addresses = await this.supply.thumbnails(points.map((point) => this.ids[point] ?? 0));
    } catch {
      // all of them are lost, below
    }
    await Promise.all(
      points.map(async (point, i) => {
        const address = addresses[i];
        const bitmap = address ? await squared(address, FINER.thumbnails).catch(() => null) : null;
        if (!bitmap) return lose(point);
        if (!this.#stopped.signal.aborted) this.#place("thumbnails", point, bitmap, 0, 0);
        if (this.painter.copies) bitmap.close();
        return this.came();
      }),
    );
  }

  #place(kind: Finer, point: number, bitmap: ImageBitmap, x: number, y: number): void {
    const { slot, out } = this.#slots[kind].take(point);
    if (out >= 0) this.painter.assign(kind, out, -1);
    this.painter.keep(kind, slot, bitmap, x, y);
    this.painter.assign(kind, point, slot);
  }
}

/** Load a picture by its address and stretch it to a square, as sprites are. */
async function squared(address: string, side: number): Promise<ImageBitmap> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return createImageBitmap(image, { resizeWidth: side, resizeHeight: side, resizeQuality: "medium" });
}
