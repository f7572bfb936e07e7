/** Does a space retrieve X? The question in the address, and the order of the big table. */

import type { Estimate, Job, Overview, RetrievalResult } from "../api/types";
import { isActive } from "./jobs";
import { parseTerm, type Term } from "./terms";

export interface X {
  readonly kind: "label" | "tag" | "selection";
  readonly name: string;
}

/** Read `label:cats`; null for what can't be asked for. */
export function parseX(text: string | null): X | null {
  const term = parseTerm(text ?? "");
  return term && !term.negative ? nameOf(term) : null;
}

/** What a query is about, when it is about something that has a name. */
export function xOf(terms: readonly Term[]): X | null {
  for (const term of terms) {
    const x = term.negative ? null : nameOf(term);
    if (x) return x;
  }
  return null;
}

function nameOf({ kind, value }: Term): X | null {
  return kind === "label" || kind === "tag" || kind === "selection" ? { kind, name: value } : null;
}

export function formatX(x: X): string {
  return `${x.kind}:${x.name}`;
}

/** The job that measures this X, of those that run or wait. */
export function measuring(jobs: readonly Job[], x: X | null): Job | undefined {
  return jobs.find((job) => isActive(job) && x !== null && job.options[x.kind] === x.name);
}

/** The job that measures all labels, or all tags. */
export function surveying(jobs: readonly Job[], by: Overview["by"]): Job | undefined {
  return jobs.find((job) => isActive(job) && job.options.by === by);
}

export interface Measured {
  readonly measure: string;
  /** One per space, in the order of the results. */
  readonly estimates: readonly Estimate[];
}

/** The measures as rows; `all` also the precision at every depth, else at the one of the answer. */
export function measuresOf(results: readonly RetrievalResult[], all: boolean): Measured[] {
  const depths = [...new Set(results.flatMap(({ precision }) => precision.map(({ k }) => k)))]
    .filter((k) => all || results.some(({ depth }) => depth === k))
    .sort((a, b) => a - b);
  const rows = depths
    .map((k) => ({
      measure: `Precision at ${k}`,
      estimates: results.flatMap(({ precision }) => precision.filter((each) => each.k === k)),
    }))
    .filter(({ estimates }) => estimates.length === results.length);
  return [
    ...rows,
    { measure: "Average precision", estimates: results.map(({ average_precision }) => average_precision) },
    { measure: "AUC", estimates: results.map(({ auc }) => auc) },
  ];
}

export type OverviewRow = Overview["rows"][number];

/** What a row is sorted by: its name, its pictures, chance, or how well a space (its name) does. */
export function sortValue(row: OverviewRow, column: string): string | number | null {
  if (column === "name") return row.name;
  if (column === "relevant") return row.relevant;
  if (column === "chance") return row.cells[0]?.average_precision.chance ?? null;
  return row.cells.find(({ space }) => space === column)?.gain ?? null;
}
