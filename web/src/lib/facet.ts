/** Dividing pictures by a property or a number, as the server does it. */

import type { Image, PropertyFacet } from "../api/types";
import { parseBetween } from "./conditions";
import { compareText } from "./text";

type Value = string | number | boolean | null | undefined;

/** A number or property of a picture; undefined where it has none. */
export function valueOf(image: Image, key: string): Value {
  if (key.startsWith("property:")) return image.properties[key.slice("property:".length)] ?? undefined;
  if (key !== "size" && image.width === 0) return undefined;
  switch (key) {
    case "size":
    case "width":
    case "height":
      return image[key];
    case "aspect":
      return image.width / image.height;
    case "pixels":
      return image.width * image.height;
    default:
      return undefined;
  }
}

/** Whether a picture has a number within limits, written `width=100..500`. */
export function within(image: Image, text: string): boolean {
  const range = parseBetween(text);
  const value = range && valueOf(image, range.key);
  return (
    typeof value === "number" &&
    (range?.low == null || value >= range.low) &&
    (range?.high == null || value <= range.high)
  );
}

export function facetOf(
  all: readonly Image[],
  some: readonly Image[],
  by: string,
  most = 40,
): PropertyFacet {
  const values = some.map((image) => valueOf(image, by)).filter((value) => value != null);
  const numbers = all.map((image) => valueOf(image, by)).filter((value) => typeof value === "number");
  const counted = { by, distinct: new Set(values).size, images: values.length };
  if (numbers.length === 0) {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    const ranked = [...counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || compareText(a.name, b.name));
    return { ...counted, values: ranked, bins: [] };
  }
  const least = numbers.reduce((a, b) => Math.min(a, b));
  const greatest = numbers.reduce((a, b) => Math.max(a, b));
  const whole = numbers.every(Number.isInteger);
  const width = whole ? Math.ceil((greatest - least + 1) / most) : (greatest - least || 1) / most;
  const count = whole ? Math.ceil((greatest - least + 1) / width) : most;
  const bins = Array.from({ length: count }, (_, i) => {
    const [start, end] = [least + i * width, least + (i + 1) * width];
    const inside = values.filter(
      (value): value is number =>
        typeof value === "number" && value >= start && (value < end || i === count - 1),
    );
    return {
      start,
      end,
      count: inside.length,
      low: inside.length ? inside.reduce((a, b) => Math.min(a, b)) : start,
      high: inside.length ? inside.reduce((a, b) => Math.max(a, b)) : end,
    };
  });
  return { ...counted, values: [], bins };
}
