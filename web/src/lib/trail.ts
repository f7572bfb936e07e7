/** The walk from picture to picture: the queries one came from, oldest first. */

import { formatTerm, parseTerm, type Term } from "./terms";

export type Trail = readonly (readonly Term[])[];

const LONGEST = 24;

/** Leave `here` behind and keep it on the trail. */
export function walk(trail: Trail, here: readonly Term[], next: readonly Term[]): Trail {
  if (here.length === 0 || written(here) === written(next)) return trail;
  return [...trail, here].slice(-LONGEST);
}

/** Go back to a step: it becomes the query, and what came after it is forgotten. */
export function back(
  trail: Trail,
  step: number = trail.length - 1,
): { trail: Trail; here: readonly Term[] } | null {
  const here = trail[step];
  return here ? { trail: trail.slice(0, step), here } : null;
}

/** One text for the address; a tilde joins the terms of a step, a comma the steps. */
export function formatTrail(trail: Trail): string {
  return trail.map(written).join(",");
}

export function parseTrail(text: string): Trail {
  return text
    .split(",")
    .map((step) => step.split("~").flatMap((term) => parseTerm(unescaped(term)) ?? []))
    .filter((terms) => terms.length > 0);
}

function written(terms: readonly Term[]): string {
  return terms.map((term) => escaped(formatTerm(term))).join("~");
}

function escaped(text: string): string {
  return text.replace(/[%,~]/g, (mark) => encodeURIComponent(mark).replace("~", "%7E"));
}

function unescaped(text: string): string {
  return text.replace(/%(25|2C|7E)/g, (code) => decodeURIComponent(code));
}
