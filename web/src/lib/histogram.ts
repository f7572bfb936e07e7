/** Shapes and brushing of a histogram: arithmetic only. */

export interface Bins {
  /** One more than counts, rising. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export type Scale = "linear" | "log";

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The part of the axis where any series has at least half a picture, with a little air. */
export function extent(edges: readonly number[], ...series: (readonly number[])[]): Range {
  let first = Infinity;
  let last = -Infinity;
  for (const counts of series) {
    counts.forEach((n, i) => {
      if (n >= 0.5) {
        first = Math.min(first, i);
        last = Math.max(last, i + 1);
      }
    });
  }
  if (first > last) return { low: edges[0] ?? 0, high: edges.at(-1) ?? 1 };
  const air = Math.max(1, Math.round((last - first) * 0.02));
  return {
    low: edges[Math.max(0, first - air)] ?? 0,
    high: edges[Math.min(edges.length - 1, last + air)] ?? 1,
  };
}

/** Height of a count in [0, 1]. */
export function heightOf(n: number, most: number, scale: Scale): number {
  if (n <= 0 || most <= 0) return 0;
  return scale === "linear" ? n / most : Math.log1p(n) / Math.log1p(most);
}

/** An SVG path of steps from the base line up and back; closed when `fill`. */
export function stepsPath(
  bins: Bins,
  range: Range,
  size: { width: number; height: number },
  most: number,
  scale: Scale,
  fill: boolean,
): string {
  const x = (value: number): string => toPixels(value, range, size.width).toFixed(2);
  const y = (n: number): string => (size.height * (1 - heightOf(n, most, scale))).toFixed(2);
  const parts: string[] = [];
  bins.counts.forEach((n, i) => {
    const [left = 0, right = 0] = [bins.edges[i], bins.edges[i + 1]];
    if (right <= range.low || left >= range.high) return;
    if (parts.length === 0) parts.push(`M${x(left)} ${size.height}`);
    parts.push(`V${y(n)}H${x(right)}`);
  });
  if (parts.length === 0) return "";
  return parts.join("") + `V${size.height}` + (fill ? "Z" : "");
}

export function toPixels(value: number, range: Range, width: number): number {
  return ((value - range.low) / (range.high - range.low)) * width;
}

export function toValue(pixels: number, range: Range, width: number): number {
  return range.low + (pixels / width) * (range.high - range.low);
}

/** The nearest bin edge: a brush never cuts a bar in two. */
export function snap(value: number, edges: readonly number[]): number {
  return edges.reduce(
    (best, edge) => (Math.abs(edge - value) < Math.abs(best - value) ? edge : best),
    edges[0] ?? value,
  );
}

/** The range between two values in either order, snapped, at least one bar wide. */
export function brushed(a: number, b: number, edges: readonly number[]): Range {
  const low = snap(Math.min(a, b), edges);
  const high = snap(Math.max(a, b), edges);
  if (low < high) return { low, high };
  const i = edges.indexOf(low);
  return i + 1 < edges.length
    ? { low, high: edges[i + 1] ?? high }
    : { low: edges[i - 1] ?? low, high };
}

/** A similarity as the address and a field have it: no more digits than it needs. */
export function writtenNumber(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** The range that two typed numbers mean, or the sentence that says what is wrong with them. */
export function typedRange(low: string, high: string): Range | string {
  const [from, to] = [low, high].map((text) => (text.trim() === "" ? NaN : Number(text))) as [number, number];
  if (Number.isNaN(from) || Number.isNaN(to)) return "Type two numbers, such as 0.4 and 0.55.";
  if (Math.abs(from) > 1 || Math.abs(to) > 1) return "Similarities lie between −1 and 1.";
  if (from >= to) return "A range ends above where it begins.";
  return { low: from, high: to };
}

/** Where a key leads from one edge; null when it moves nothing. May lie beyond the ends. */
function edgeBy(key: string, at: number, big: boolean, last: number): number | null {
  const step = big ? 10 : 1;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return at - step;
    case "ArrowRight":
    case "ArrowUp":
      return at + step;
    case "PageDown":
      return at - 10;
    case "PageUp":
      return at + 10;
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** Move one end of a brush with a key; null when the key moves nothing. */
export function nudge(
  brush: Range,
  end: "low" | "high",
  key: string,
  big: boolean,
  edges: readonly number[],
): Range | null {
  const to = edgeBy(key, edgeAt(brush[end], edges), big, edges.length - 1);
  if (to === null) return null;
  const other = edgeAt(brush[end === "low" ? "high" : "low"], edges);
  const bounded =
    end === "low"
      ? Math.max(0, Math.min(to, other - 1))
      : Math.min(edges.length - 1, Math.max(to, other + 1));
  return { ...brush, [end]: edges[bounded] ?? brush[end] };
}

/** Move a cut with a key, one edge or ten; null when the key moves nothing. */
export function stepCut(
  value: number,
  key: string,
  big: boolean,
  edges: readonly number[],
): number | null {
  const last = edges.length - 1;
  const to = edgeBy(key, edgeAt(value, edges), big, last);
  return to === null ? null : (edges[Math.max(0, Math.min(last, to))] ?? value);
}

/** The place of the edge next to a value. */
export function edgeAt(value: number, edges: readonly number[]): number {
  return edges.indexOf(snap(value, edges));
}

/** Round tick values inside a range, about `wanted` of them. */
export function ticks(range: Range, wanted: number): number[] {
  const raw = (range.high - range.low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10) * power;
  const first = Math.ceil(range.low / step - 1e-9);
  const last = Math.floor(range.high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** A series as tall as if it had `total` pictures, so that sets of different sizes compare. */
export function scaledTo(total: number, counts: readonly number[], own: number): number[] {
  return counts.map((n) => (own > 0 ? (n * total) / own : 0));
}

export interface Row {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly background: number;
  readonly above: number;
  readonly share: number | null;
}

/** The histogram as rows of a table, the most similar first, without empty ends. */
export function tableRows(
  distribution: {
    readonly edges: readonly number[];
    readonly counts: readonly number[];
    readonly background: readonly number[];
    readonly above: readonly number[];
    readonly shares: readonly (number | null)[];
  },
  range: Range,
): Row[] {
  return distribution.counts
    .map((count, i) => ({
      low: distribution.edges[i] ?? 0,
      high: distribution.edges[i + 1] ?? 0,
      count,
      background: distribution.background[i] ?? 0,
      above: distribution.above[i] ?? 0,
      share: distribution.shares[i] ?? null,
    }))
    .filter(({ low, high }) => low >= range.low - 1e-9 && high <= range.high + 1e-9)
    .reverse();
}

export const GROUP_ORDERS = ["sure", "mean", "size", "name"] as const;
export type GroupOrder = (typeof GROUP_ORDERS)[number];

/** Groups in an order; "sure" is the one in which Python gave them. */
export function arrangedGroups<T extends { name: string; mean: number; size: number }>(
  groups: readonly T[],
  order: GroupOrder,
): readonly T[] {
  switch (order) {
    case "sure":
      return groups;
    case "mean":
      return [...groups].sort((a, b) => b.mean - a.mean);
    case "size":
      return [...groups].sort((a, b) => b.size - a.size);
    case "name":
      return [...groups].sort((a, b) => a.name.localeCompare(b.name));
  }
}

/** Pixels that two numbers at the ends of a range need beside each other. */
const APART = 48;
const BOTH = 92;

/**
 * Where one label stands for both ends of a narrow range: its left edge, within the chart.
 *
 * Null when the range is wide enough for a label at each end.
 */
export function togetherAt(low: number, high: number, width: number): number | null {
  if (high - low >= APART) return null;
  return Math.max(0, Math.min(width - BOTH, (low + high - BOTH) / 2));
}
