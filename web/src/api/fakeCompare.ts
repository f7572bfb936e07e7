/** Made-up comparisons: the arithmetic of the fake source, simple and slow. */

import { cornerBox, type Box, type Corner } from "../lib/comparison";
import type { Compared, CompareRequest, Neighbour, RankChange, RankChanges, Scatter } from "./types";

const BINS = 60;

/** Similarities of each query to all pictures, most similar first. */
export type Rankings = readonly (readonly Neighbour[])[];

const similaritiesOf = (ranking: readonly Neighbour[]): Map<number, number> =>
  new Map(ranking.map(({ id, similarity }) => [id, similarity]));

export function fakeCompared(asked: CompareRequest, rankings: Rankings): Compared {
  const edges = Array.from({ length: BINS + 1 }, (_, i) => -0.2 + (1.2 * i) / BINS);
  const counts = rankings.map((ranking) => {
    const held = new Array<number>(BINS).fill(0);
    for (const { similarity } of ranking) {
      const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((similarity + 0.2) / 1.2) * BINS)));
      held[bin] = (held[bin] ?? 0) + 1;
    }
    return held;
  });
  const images = rankings[0]?.length ?? 0;
  const k = Math.min(asked.k ?? 100, images);
  const tops = rankings.map((ranking) => new Set(ranking.slice(0, k).map(({ id }) => id)));
  const matrix = (measure: (i: number, j: number) => number): number[][] =>
    rankings.map((_, i) => rankings.map((_, j) => measure(i, j)));
  const shared = (i: number, j: number): number =>
    [...(tops[i] ?? [])].filter((id) => tops[j]?.has(id)).length / Math.max(1, k);
  return {
    space: "lite0",
    images,
    titles: asked.queries.map(({ terms }) => terms.join(" ")),
    edges,
    counts,
    cumulative: counts.map((held) => edges.map((_, i) => sum(held.slice(0, i)) / Math.max(1, images))),
    backgrounds: counts.map((_, i) => counts[(i + 1) % counts.length] ?? []),
    background_totals: counts.map(() => images),
    ks: matrix((i, j) => (i === j ? 0 : 0.1 * (1 + Math.abs(i - j)))),
    wasserstein: matrix((i, j) => 0.02 * Math.abs(i - j)),
    spearman: matrix((i, j) => (i === j ? 1 : 0.4 - 0.1 * Math.abs(i - j))),
    overlap: matrix(shared),
    overlap_chance: k / Math.max(1, images),
    rbo: matrix((i, j) => shared(i, j) ** 2),
    rbo_chance: 10 / Math.max(10, images),
    k,
    cuts: rankings.map((ranking) => ranking[k - 1]?.similarity ?? 1),
  };
}

export function fakeScatter(first: readonly Neighbour[], second: readonly Neighbour[]): Scatter {
  const other = similaritiesOf(second);
  const points = first.slice(0, 3000);
  return {
    edges: [-0.2, 0.4, 1],
    cells: { column: [0, 1], row: [0, 1], count: [first.length, 1] },
    points: {
      ids: points.map(({ id }) => id),
      x: points.map(({ similarity }) => similarity),
      y: points.map(({ id }) => other.get(id) ?? 0),
    },
  };
}

export function fakeWithin(
  first: readonly Neighbour[],
  second: readonly Neighbour[],
  region: Corner | Box,
  k: number,
): Int32Array {
  const other = similaritiesOf(second);
  const cuts = [first, second].map((ranking) => ranking[Math.min(k, ranking.length) - 1]?.similarity ?? 1);
  const box = typeof region === "string" ? cornerBox(region, [cuts[0] ?? 1, cuts[1] ?? 1]) : region;
  return Int32Array.from(
    first
      .filter(({ id, similarity }) => {
        const y = other.get(id) ?? 0;
        return similarity >= box.low && similarity < box.high && y >= box.bottom && y < box.top;
      })
      .map(({ id }) => id),
  );
}

export function fakeChanges(
  first: readonly Neighbour[],
  second: readonly Neighbour[],
  count: number,
): RankChanges {
  const after = new Map(second.map(({ id }, place) => [id, place + 1]));
  const all: RankChange[] = first
    .map(({ id }, place) => ({ id, before: place + 1, after: after.get(id) ?? second.length }))
    .sort((a, b) => a.after - a.before - (b.after - b.before));
  return { gains: all.slice(0, count), losses: all.reverse().slice(0, count) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
