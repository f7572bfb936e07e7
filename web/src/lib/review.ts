/** The review wall: which suspected tags are shown, and what one answers. */

import type { Change, Review, Suspicion } from "../api/types";

export const WRONGS = ["missing", "superfluous"] as const;
export type Wrong = (typeof WRONGS)[number];

export interface Shown {
  /** null: all tags. */
  readonly tag: string | null;
  readonly wrong: Wrong;
}

/** What the address asks for; without a word of it, the kind that has something to show. */
export function shownFrom(params: URLSearchParams, review: Review | null): Shown {
  const named = params.get("wrong");
  const tag = params.get("tag");
  const wrong = WRONGS.find((each) => each === named) ?? WRONGS.find((each) => waiting(review, { tag, wrong: each }).length) ?? "missing";
  return { tag, wrong };
}

/** Suspects that wait for an answer, the likeliest mistakes first. */
export function waiting(review: Review | null, { tag, wrong }: Shown): Suspicion[] {
  const found = (review?.suspects ?? []).filter((one) => one.wrong === wrong && (tag === null || one.tag === tag));
  return found.sort((a, b) => sureness(b) - sureness(a) || a.id - b.id);
}

function sureness({ wrong, probability }: Suspicion): number {
  return wrong === "missing" ? probability : 1 - probability;
}

/** The edit that puts a suspected tag right. */
export function correction({ tag, wrong }: Suspicion): Change {
  return { kind: wrong === "missing" ? "tag" : "untag", tags: [tag] };
}

export function keyOf({ id, tag, wrong }: Suspicion): string {
  return `${id} ${wrong} ${tag}`;
}

/** Where the mark goes when it is moved over cards that stand in so many columns. */
export function moved(at: number, by: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at + by));
}
