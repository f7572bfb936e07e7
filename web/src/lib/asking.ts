/** What a page that asks has in its address: the query, where to ask, the way here, what is pinned. */

import { formatTerm, termsFrom, type Term } from "./terms";
import { formatTrail, parseTrail, type Trail } from "./trail";

export interface Asking {
  readonly terms: readonly Term[];
  /** The space; null is the collection's default. */
  readonly space: string | null;
  /** Further spaces that stand beside it. */
  readonly beside: readonly string[];
  readonly trail: Trail;
  /** Queries kept at hand. */
  readonly pins: Trail;
}

export function askingFrom(params: URLSearchParams): Asking {
  return {
    terms: termsFrom(params),
    space: params.get("space"),
    beside: params.getAll("beside"),
    trail: parseTrail(params.get("trail") ?? ""),
    pins: parseTrail(params.get("pin") ?? ""),
  };
}

/** Write only what there is, so that a plain query has a plain address. */
export function askingParams(asking: Partial<Asking>): URLSearchParams {
  const params = new URLSearchParams();
  for (const term of asking.terms ?? []) params.append("term", formatTerm(term));
  if (asking.space != null) params.set("space", asking.space);
  for (const space of asking.beside ?? []) params.append("beside", space);
  if (asking.trail?.length) params.set("trail", formatTrail(asking.trail));
  if (asking.pins?.length) params.set("pin", formatTrail(asking.pins));
  return params;
}

/** What an answer depends on: the space and the terms, in one text. */
export function askedKey(asking: Asking): string {
  return `${asking.space ?? ""} ${asking.terms.map(formatTerm).join(" ")}`;
}

const same = (a: readonly Term[], b: readonly Term[]): boolean =>
  formatTrail([a]) === formatTrail([b]);

/** Whether a query is pinned. */
export function isPinned(pins: Trail, query: readonly Term[]): boolean {
  return pins.some((pin) => same(pin, query));
}

const MOST_PINS = 40;

/** Pin a query, or let go of it when it is pinned. */
export function togglePin(pins: Trail, query: readonly Term[]): Trail {
  if (query.length === 0) return pins;
  if (isPinned(pins, query)) return pins.filter((pin) => !same(pin, query));
  return [...pins, query].slice(-MOST_PINS);
}
