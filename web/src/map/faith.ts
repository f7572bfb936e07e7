/** How far to trust a map, in words: Python measured it, these are the sentences. */

import type { Estimate, Faithfulness } from "../api/types";
import { percent } from "../lib/format";

/** One plain sentence: how many of the nearest pictures are also the most alike. */
export function faithSentence(faith: Faithfulness): string {
  const { value, chance } = faith.kept;
  const share =
    value >= 0.95 ? "Nearly all" : value >= 0.6 ? "Most" : value >= 0.4 ? "About half" : value >= 0.15 ? "Some" : "Few";
  const advice =
    value >= 0.6
      ? "neighbours on this map are neighbours in the vectors"
      : value >= 0.15
        ? "groups can be trusted, single distances less"
        : "it shows the broad directions only";
  const times = chance !== null && chance > 0 && value > chance ? `, ${factor(value / chance)} of what a shuffled map keeps` : "";
  if (faith.k === 1)
    return `${share} of the pictures (${percent(value)}${times}) lie nearest to the one that is most like them: ${advice}.`;
  return `${share} of each picture’s ${faith.k} most similar pictures (${percent(value)}${times}) lie among the ${faith.k} nearest to it here: ${advice}.`;
}

function factor(times: number): string {
  return times >= 10 ? `${Math.round(times)} times` : `${times.toFixed(1)} times`;
}

export interface FaithRow {
  readonly name: string;
  readonly what: string;
  readonly estimate: Estimate;
}

/** The numbers behind it. */
export function faithRows(faith: Faithfulness): FaithRow[] {
  const rows: (readonly [string, string, Estimate | null])[] = [
    ["Neighbours kept", `Share of the ${faith.k} most similar pictures among the ${faith.k} nearest`, faith.kept],
    ["Trustworthiness", "1 when no picture lies near another that it is unlike", faith.trustworthiness],
    ["Continuity", "1 when no similar pictures are torn apart", faith.continuity],
    ["Same label nearby", `Share of the ${faith.k} nearest with the same label`, faith.label_hit],
    ["The same in the vectors", "What the map could reach at best, about", faith.label_hit_space],
  ];
  return rows.flatMap(([name, what, estimate]) => (estimate ? [{ name, what, estimate }] : []));
}
