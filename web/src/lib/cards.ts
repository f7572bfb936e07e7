/** Fetches the facts of what is in view, in few requests, forgetting what scrolled away. */

import type { Image } from "../api/types";

interface Shelf<T> {
  has(id: number): boolean;
  get(id: number): T | undefined;
  set(id: number, card: T): unknown;
  delete(id: number): boolean;
  keys(): Iterable<number>;
}

const BATCH = 240;

export class Cards<T extends { readonly id: number } = Image> {
  #wanted: readonly number[] = [];
  #asked = new Set<number>();
  #stale = new Set<number>();
  #busy = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #came: () => void = () => {};

  /** Kept once the first cards are there. */
  readonly first = new Promise<void>((resolve) => (this.#came = resolve));

  /**
   * Parameters: where cards are kept (a reactive map in the app, a plain one in tests), how to
   * fetch some, what to do with a failure, how long to wait for scrolling to settle, and how many
   * to fetch at once.
   */
  constructor(
    readonly shelf: Shelf<T>,
    private readonly fetch: (ids: readonly number[]) => Promise<readonly T[]>,
    private readonly failed: (error: unknown) => void = () => {},
    private readonly pause = 25,
    private readonly batch = BATCH,
  ) {}

  /** Ask for what is seen now; what was wanted before and not yet asked for is dropped. */
  want(ids: readonly number[]): void {
    this.#wanted = ids;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#flush();
    }, this.pause);
  }

  /** Put cards that came another way. */
  put(cards: readonly T[]): void {
    for (const card of cards) {
      this.shelf.set(card.id, card);
      this.#stale.delete(card.id);
    }
    this.#came();
  }

  /** Pictures were changed: what is seen is asked for again, the rest when it is seen. */
  renew(): void {
    for (const id of this.shelf.keys()) this.#stale.add(id);
    this.want(this.#wanted);
  }

  /** Ask anew for what had not been read when it was fetched. */
  refresh(ids: readonly number[], stale: (card: T) => boolean): void {
    const again = ids.filter((id) => {
      const card = this.shelf.get(id);
      return card !== undefined && stale(card);
    });
    if (again.length) void this.#ask(again.slice(0, this.batch));
  }

  async #flush(): Promise<void> {
    if (this.#busy >= 2) return;
    const missing = this.#wanted.filter(
      (id) => (!this.shelf.has(id) || this.#stale.has(id)) && !this.#asked.has(id),
    );
    if (missing.length === 0) return;
    await this.#ask(missing.slice(0, this.batch));
    await this.#flush();
  }

  async #ask(ids: readonly number[]): Promise<void> {
    this.#busy += 1;
    for (const id of ids) this.#asked.add(id);
    try {
      this.put(await this.fetch(ids));
      for (const id of ids) if (this.shelf.has(id)) this.#asked.delete(id);
    } catch (error) {
      for (const id of ids) this.#asked.delete(id);
      this.#wanted = [];
      this.failed(error);
    } finally {
      this.#busy -= 1;
    }
  }
}

/** Whether a picture has not been looked into yet (no size, and nothing wrong with it). */
export function isUnread(image: Image): boolean {
  return image.width === 0 && !image.flags.some((flag) => flag.blocking);
}

/** Whether there is a thumbnail to show. */
export function isShown(image: Image): boolean {
  return image.width > 0 && !image.flags.some((flag) => flag.blocking);
}

/** Width over height of some pictures, each at the place of its id; 0 of the others. */
export function shapesOf(images: readonly Image[]): Float32Array {
  const shapes = new Float32Array(Math.max(0, ...images.map(({ id }) => id + 1)));
  for (const { id, width, height } of images) if (height > 0) shapes[id] = width / height;
  return shapes;
}
