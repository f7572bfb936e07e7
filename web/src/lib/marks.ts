/** Mutual neighbours and hubs in words. */

import type { Mark } from "../api/types";
import { counted, count } from "./format";

/** "Mutual: the query is number 3 among this picture's own neighbours." */
export function mutualWords(mark: Mark): string {
  return `Mutual: the query is number ${count(mark.back ?? 0)} among this picture’s own neighbours.`;
}

/** "Hub: a neighbour of 214 pictures; 10 would be usual." */
export function hubWords(mark: Mark, usual: number): string {
  const often = mark.occurrence;
  if (often === null) return "";
  const guess = often.high > often.low;
  const number = counted(Math.round(often.value), "picture");
  const range = guess
    ? ` (estimated, ${count(Math.round(often.low))} to ${count(Math.round(often.high))})`
    : "";
  return `Hub: a neighbour of ${guess ? "about " : ""}${number}${range}; ${count(usual)} would be usual.`;
}
