/** Finding a place in a long order by what the pictures there are called. */

import type { Image } from "../api/types";
import { compareText } from "./text";

/** What pictures are ordered by, as text; null where they are not ordered by a text. */
export function textOf(image: Image, sort: string): string | null {
  if (sort === "name") return image.path;
  if (sort === "label") return image.label;
  if (!sort.startsWith("property:")) return null;
  const value = image.properties[sort.slice("property:".length)];
  return typeof value === "string" ? value : null;
}

/**
 * The first picture whose text is not before what was typed.
 *
 * Halves the order again and again, so that a million pictures take twenty looks. Pictures
 * without a text stand last, whichever way the order goes.
 */
export async function seek(
  ids: ArrayLike<number>,
  typed: string,
  falling: boolean,
  look: (id: number) => Promise<string | null>,
): Promise<number> {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const text = await look(ids[middle] ?? 0);
    const before =
      text !== null &&
      (falling ? compareText(text, typed) > 0 && !text.startsWith(typed) : compareText(text, typed) < 0);
    if (before) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, ids.length - 1));
}
