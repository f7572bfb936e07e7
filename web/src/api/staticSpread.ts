/** Distributions of a site: written down beforehand, and ranges looked through here. */

import { formatTerm, type Term } from "../lib/terms";
import { SourceError, type DataSource, type Held, type Query } from "./source";
import type { Distribution } from "./types";

const wordsOf = (terms: readonly Term[]): string => JSON.stringify(terms.map(formatTerm));

/** Whether a query is one of those held, in any space. */
export function isHeld(held: readonly Held[], terms: readonly Term[]): boolean {
  const wanted = wordsOf(terms);
  return held.some((each) => JSON.stringify(each.terms) === wanted);
}

/** `ids` are those of the site; `read` gives what was written down at an address. */
export function keptSpreads(
  held: readonly Held[],
  usual: string | null,
  ids: Int32Array,
  read: (address: string) => Promise<Response>,
): Pick<DataSource, "distribution" | "between"> {
  async function kept(query: Query, part = ""): Promise<Response> {
    const [wanted, space] = [wordsOf(query.terms), query.space ?? usual];
    const number = held.findIndex((each) => each.space === space && JSON.stringify(each.terms) === wanted);
    if (number < 0) throw new SourceError("absent", "This site does not hold the distribution of that query in this space.", 404);
    return read(`distribution/${number}${part}`);
  }

  return {
    distribution: async (query) => (await kept(query)).json() as Promise<Distribution>,
    between: async (query, low, high) =>
      inRange(new Float32Array(await (await kept(query, "/similarities")).arrayBuffer()), ids, low, high),
  };
}

/** The images with a similarity in [low, high), most similar first, as `explore.distribution.between` has them. */
export function inRange(similarities: Float32Array, ids: Int32Array, low: number, high: number): Int32Array {
  const of = (place: number): number => similarities[place] ?? NaN;
  const inside = (value: number): boolean => value >= low && (high < 1 ? value < high : value <= high);
  const found = Array.from(ids.keys()).filter((place) => inside(of(place)));
  found.sort((a, b) => of(b) - of(a) || (ids[a] ?? 0) - (ids[b] ?? 0));
  return Int32Array.from(found, (place) => ids[place] ?? 0);
}
