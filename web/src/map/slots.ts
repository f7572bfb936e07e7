/** A fixed number of places for pictures; what was not wanted for longest makes room. */
export class Slots {
  readonly #slots = new Map<number, number>(); // key → slot, the longest unused first
  readonly #free: number[];

  constructor(readonly size: number) {
    this.#free = Array.from({ length: size }, (_, i) => size - 1 - i);
  }

  /** The slot of a picture, or -1; asking counts as using. */
  use(key: number): number {
    const slot = this.#slots.get(key);
    if (slot === undefined) return -1;
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
  }

  has(key: number): boolean {
    return this.#slots.has(key);
  }

  /** Give a picture a slot; what had it before, if anything, is out (-1: nothing). */
  take(key: number): { slot: number; out: number } {
    const known = this.use(key);
    if (known >= 0) return { slot: known, out: -1 };
    const free = this.#free.pop();
    if (free !== undefined) {
      this.#slots.set(key, free);
      return { slot: free, out: -1 };
    }
    const [oldest] = this.#slots;
    if (!oldest) throw new RangeError("There are no slots.");
    this.#slots.delete(oldest[0]);
    this.#slots.set(key, oldest[1]);
    return { slot: oldest[1], out: oldest[0] };
  }
}
