/** Values → colours, told apart by people of every kind of sight, on light and on dark ground. */

import type { Values } from "../api/types";

export type Scheme = "light" | "dark";
export type Colour = readonly [red: number, green: number, blue: number];

/** After Paul Tol's "muted" scheme; on dark ground the deep ones are lifted. */
const CATEGORIES: Record<Scheme, readonly string[]> = {
  light: ["#cc6677", "#332288", "#bf9b30", "#117733", "#4aa5cf", "#882255", "#44aa99", "#7d7d22", "#aa4499", "#8c4a1e"],
  dark: ["#f08a97", "#8f85ff", "#e6cf6f", "#4fbf74", "#88ccee", "#d0568f", "#5fd0bd", "#b5b54a", "#d884c8", "#c99363"],
};
const OTHER: Record<Scheme, string> = { light: "#8f887c", dark: "#7b746a" };

/** Viridis, without the end that comes too near to the ground. */
const RAMP = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"].map(parse);
const PART: Record<Scheme, readonly [number, number]> = { light: [0, 0.86], dark: [0.22, 1] };

/** As many categories have a colour of their own; all others share one. */
export const MOST_COLOURS = CATEGORIES.light.length;

/** The colour of the n-th category; -1 is none. */
export function categoryColour(n: number, scheme: Scheme): string {
  return CATEGORIES[scheme][n] ?? OTHER[scheme];
}

/** The category that is only the rest: pictures without a tag, answers that are right. */
function restOf({ by }: Pick<Values, "by">): string | null {
  const [kind, name] = [by.slice(0, by.indexOf(":")), by.slice(by.indexOf(":") + 1)];
  if (kind === "tag" || kind === "selection") return `without ${name}`;
  if (kind === "model" && name.endsWith(":error")) return "right";
  return by === "placed" ? "laid out" : null;
}

/** The colours of the categories; the rest has that of no category, so that the others stand out. */
export function categoryColours(values: Pick<Values, "by" | "categories">, scheme: Scheme): string[] {
  const rest = values.categories.findIndex(({ name }) => name === restOf(values));
  return values.categories.map((_, n) => categoryColour(n === rest ? -1 : rest >= 0 && n > rest ? n - 1 : n, scheme));
}

/** The colour of a share in [0, 1] of the range of a number. */
export function rampColour(share: number, scheme: Scheme): Colour {
  const [low, high] = PART[scheme];
  const at = (low + (high - low) * Math.min(1, Math.max(0, share))) * (RAMP.length - 1);
  const below = Math.min(RAMP.length - 2, Math.floor(at));
  const [a, b] = [RAMP[below] ?? [0, 0, 0], RAMP[below + 1] ?? [0, 0, 0]];
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (at - below));
  return [mix(0), mix(1), mix(2)];
}

/** A ramp for a legend. */
export function rampGradient(scheme: Scheme): string {
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${rampColour(i / 8, scheme).join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Red, green, blue of each image by its value: three bytes each. */
export function colours(values: Values, data: Int32Array | Float32Array, scheme: Scheme): Uint8Array {
  const written = new Uint8Array(data.length * 3);
  const none = parse(OTHER[scheme]);
  const own = categoryColours(values, scheme).map(parse);
  const low = values.low ?? 0;
  const width = (values.high ?? 0) - low;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? NaN;
    const colour =
      values.kind === "category"
        ? (own[value] ?? none)
        : Number.isNaN(value)
          ? none
          : rampColour(width > 0 ? (value - low) / width : 0.5, scheme);
    written.set(colour, i * 3);
  }
  return written;
}

/** `#rrggbb` or `rgb(r g b)` / `rgb(r, g, b)` as bytes. */
export function parse(text: string): Colour {
  if (text.startsWith("#")) {
    const bits = parseInt(text.slice(1), 16);
    return [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255];
  }
  const [red = 0, green = 0, blue = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}
