/** A comparison in the address: its queries, what two of them are looked at for, how it is drawn. */

import type { CompareRequest } from "../api/types";
import { formatTerm, isQuery, parseTerm, type Term } from "./terms";

export const MOST = 8;
export const CORNERS = ["first", "second", "both", "neither"] as const;
export const DEPTHS = [10, 50, 100, 500, 1000] as const;

export type Corner = (typeof CORNERS)[number];
export type Curves = "density" | "cumulative";

/** A query with its letter and colour (0 for A), which stay when other queries go. */
export interface Asked {
  readonly slot: number;
  /** Empty: what the terms say. */
  readonly title: string;
  readonly terms: readonly Term[];
}

/** Similarities to the first query of a pair, and to the second, each from (inclusive) to. */
export interface Box {
  readonly low: number;
  readonly high: number;
  readonly bottom: number;
  readonly top: number;
}

export interface Comparing {
  readonly queries: readonly Asked[];
  readonly space: string | null;
  /** Nearest pictures compared; null: as many as suit the collection. */
  readonly k: number | null;
  /** Slots of the two queries that are looked at against each other. */
  readonly pair: readonly [number, number] | null;
  readonly region: Corner | Box;
  readonly curves: Curves;
  /** Name of the kept comparison that this one began as. */
  readonly saved: string | null;
}

export const NOTHING: Comparing = {
  queries: [],
  space: null,
  k: null,
  pair: null,
  region: "first",
  curves: "density",
  saved: null,
};

export function letterOf(slot: number): string {
  return String.fromCharCode(65 + slot);
}

export function comparingFrom(params: URLSearchParams): Comparing {
  const queries: Asked[] = [];
  for (const text of params.getAll("q")) {
    const asked = parseAsked(text);
    if (asked && queries.length < MOST && !queries.some(({ slot }) => slot === asked.slot))
      queries.push(asked);
  }
  const k = Number(params.get("k"));
  return {
    queries,
    space: params.get("space"),
    k: Number.isInteger(k) && k > 0 && k <= 100_000 ? k : null,
    pair: parsePair(params.get("pair")),
    region: parseBox(params.get("box")) ?? CORNERS.find((each) => each === params.get("corner")) ?? "first",
    curves: params.get("curves") === "cumulative" ? "cumulative" : "density",
    saved: params.get("saved"),
  };
}

export function comparingParams(view: Comparing): URLSearchParams {
  const params = new URLSearchParams();
  if (view.saved !== null) params.set("saved", view.saved);
  if (view.space !== null) params.set("space", view.space);
  for (const asked of view.queries) params.append("q", formatAsked(asked));
  if (view.k !== null) params.set("k", String(view.k));
  if (view.pair) params.set("pair", view.pair.map(letterOf).join(""));
  if (typeof view.region === "string") {
    if (view.region !== NOTHING.region) params.set("corner", view.region);
  } else {
    const { low, high, bottom, top } = view.region;
    params.set("box", [low, high, bottom, top].map((end) => Number(end.toFixed(6))).join(","));
  }
  if (view.curves !== NOTHING.curves) params.set("curves", view.curves);
  return params;
}

/** One query as `slot~title~term~term`. */
export function formatAsked(asked: Asked): string {
  return [String(asked.slot), asked.title, ...asked.terms.map(formatTerm)].map(escaped).join("~");
}

export function parseAsked(text: string): Asked | null {
  const [number = "", title = "", ...terms] = text.split("~").map(unescaped);
  const slot = /^[0-7]$/.test(number) ? Number(number) : null;
  if (slot === null) return null;
  return { slot, title, terms: terms.flatMap((term) => parseTerm(term) ?? []) };
}

function parsePair(text: string | null): readonly [number, number] | null {
  const [first, second] = [...(text ?? "")].map((letter) => letter.charCodeAt(0) - 65);
  return first !== undefined && second !== undefined && first !== second ? [first, second] : null;
}

function parseBox(text: string | null): Box | null {
  const [low, high, bottom, top] = (text ?? "").split(",").map(Number);
  if (low === undefined || high === undefined || bottom === undefined || top === undefined) return null;
  return low <= high && bottom <= top ? { low, high, bottom, top } : null;
}

function escaped(text: string): string {
  return text.replace(/[%~]/g, (mark) => (mark === "~" ? "%7E" : "%25"));
}

function unescaped(text: string): string {
  return text.replace(/%(25|7E)/g, (code) => decodeURIComponent(code));
}

/** Queries that can be asked: those with something to move towards. */
export function complete(queries: readonly Asked[]): Asked[] {
  return queries.filter(({ terms }) => isQuery(terms));
}

/** The same comparison with one query more, in the first letter that is free. */
export function withQuery(view: Comparing, terms: readonly Term[]): Comparing {
  const taken = new Set(view.queries.map(({ slot }) => slot));
  const slot = Array.from({ length: MOST }, (_, i) => i).find((each) => !taken.has(each));
  if (slot === undefined) return view;
  return { ...view, queries: [...view.queries, { slot, title: "", terms }] };
}

/** The same comparison with a query changed, or without it. */
export function changed(view: Comparing, slot: number, change: Partial<Asked> | null): Comparing {
  const queries = view.queries.flatMap((asked) =>
    asked.slot !== slot ? [asked] : change === null ? [] : [{ ...asked, ...change }],
  );
  return { ...view, queries };
}

/** Places (in the queries that are asked) of the two that are looked at: those named, else the first. */
export function pairOf(view: Comparing, asked: readonly Asked[]): readonly [number, number] | null {
  if (asked.length < 2) return null;
  const places = view.pair?.map((slot) => asked.findIndex((each) => each.slot === slot)) ?? [];
  const [first = -1, second = -1] = places;
  return first >= 0 && second >= 0 ? [first, second] : [0, 1];
}

/** How many nearest pictures are compared: a hundred, fewer where that were a tenth of all. */
export function depthOf(view: Comparing, images: number): number {
  return view.k ?? (images >= 1000 ? 100 : 10);
}

/** What the server is asked; titles are ours to show, so that a new one asks nothing. */
export function requestOf(view: Comparing, images: number): CompareRequest {
  return {
    space: view.space,
    queries: complete(view.queries).map(({ slot, terms }) => ({
      slot,
      title: "",
      terms: terms.map(formatTerm),
    })),
    k: depthOf(view, images),
  };
}

/** Places of badges that cover each other are moved up until they don't. */
export function apart<T extends { x: number; y: number }>(places: readonly T[], size: number): T[] {
  const kept: T[] = [];
  for (const place of [...places].sort((a, b) => a.x - b.x || a.y - b.y)) {
    let y = place.y;
    while (kept.some((other) => Math.abs(other.x - place.x) < size && Math.abs(other.y - y) < size))
      y -= size / 4;
    kept.push({ ...place, y });
  }
  return kept;
}

/** An SVG path through points. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
}

/** Cells of a scatter as a few paths, from the fewest images to the most (logarithmic). */
export function cellPaths(
  cells: { readonly column: readonly number[]; readonly row: readonly number[]; readonly count: readonly number[] },
  bins: number,
  size: number,
  shades: number,
): string[] {
  const most = Math.log1p(Math.max(1, ...cells.count));
  const side = size / bins;
  const paths = Array.from({ length: shades }, () => "");
  cells.count.forEach((count, i) => {
    const shade = Math.min(shades - 1, Math.floor((Math.log1p(count) / most) * shades));
    const x = (cells.column[i] ?? 0) * side;
    const y = size - ((cells.row[i] ?? 0) + 1) * side;
    paths[shade] += `M${x.toFixed(1)} ${y.toFixed(1)}h${side.toFixed(2)}v${side.toFixed(2)}h-${side.toFixed(2)}z`;
  });
  return paths;
}

/** The box of a corner: what is among the k nearest of one query, of both, of none. */
export function cornerBox(corner: Corner, cuts: readonly [number, number]): Box {
  const [nearFirst, nearSecond] = [
    corner === "first" || corner === "both",
    corner === "second" || corner === "both",
  ];
  return {
    low: nearFirst ? cuts[0] : -1,
    high: nearFirst ? 1 : cuts[0],
    bottom: nearSecond ? cuts[1] : -1,
    top: nearSecond ? 1 : cuts[1],
  };
}

/** Move one end of a box with a key; null when the key moves nothing. */
export function nudgeBox(box: Box, end: keyof Box, key: string, big: boolean): Box | null {
  const step = big ? 0.1 : 0.01;
  const by = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step }[key];
  if (by === undefined) return null;
  const moved = Math.round((box[end] + by) * 1e6) / 1e6;
  const limits: Record<keyof Box, readonly [number, number]> = {
    low: [-1, box.high],
    high: [box.low, 1],
    bottom: [-1, box.top],
    top: [box.bottom, 1],
  };
  const [least, most] = limits[end];
  return { ...box, [end]: Math.min(most, Math.max(least, moved)) };
}
