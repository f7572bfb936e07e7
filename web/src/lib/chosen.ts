/** Sets of chosen pictures: a list, or all that a view shows. */

import type { Images } from "../api/source";
import { viewParams } from "./view";

/** Whether two sets are written alike (not whether the same pictures are in them). */
export function isSame(first: Images, second: Images): boolean {
  if ("ids" in first && "ids" in second) {
    const [a, b] = [first.ids, second.ids];
    return a === b || (a.length === b.length && Array.from(a).every((id, i) => id === b[i]));
  }
  if ("view" in first && "view" in second)
    return viewParams(first.view).toString() === viewParams(second.view).toString();
  return false;
}

/** Which pictures are in a list: an answer at once, with a byte for each picture there is. */
export class Marks {
  readonly size: number;
  readonly #marked: Uint8Array;

  constructor(ids: ArrayLike<number>) {
    let most = -1;
    for (let i = 0; i < ids.length; i += 1) most = Math.max(most, ids[i] ?? 0);
    this.#marked = new Uint8Array(most + 1);
    for (let i = 0; i < ids.length; i += 1) this.#marked[ids[i] ?? 0] = 1;
    this.size = ids.length;
  }

  has(id: number): boolean {
    return this.#marked[id] === 1;
  }
}

/** Add a picture, or take it away when it is there. */
export function toggled(ids: ArrayLike<number>, id: number): Int32Array {
  const others = Int32Array.from(ids).filter((other) => other !== id);
  return others.length < ids.length ? others : Int32Array.from([...others, id]);
}

/** Add all pictures of a list between two places, both included, in its order. */
export function withRange(
  ids: ArrayLike<number>,
  list: ArrayLike<number>,
  from: number,
  to: number,
): Int32Array {
  const marks = new Marks(ids);
  const found = Array.from(ids);
  const [first, last] = [Math.max(0, Math.min(from, to)), Math.min(list.length - 1, Math.max(from, to))];
  for (let i = first; i <= last; i += 1) {
    const id = list[i];
    if (id !== undefined && !marks.has(id)) found.push(id);
  }
  return Int32Array.from(found);
}
