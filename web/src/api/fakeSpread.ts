/** Made-up similarities spread over bins, sets and spaces: the arithmetic of the fake source. */

import type { Contrast, Distribution, Estimate, Group, Neighbour, SideBySide } from "./types";

export const BACKGROUND = { mean: 0.33, std: 0.12, of: "random pairs of images" } as const;

export function edgesOf(bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) => -1 + (2 * i) / bins);
}

export function countsOf(near: readonly Neighbour[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const { similarity } of near) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((similarity + 1) / 2) * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function meanOf(near: readonly Neighbour[]): number {
  return near.reduce((sum, { similarity }) => sum + similarity, 0) / Math.max(1, near.length);
}

/** Parameters: all pictures by falling similarity, and how many bins. */
export function fakeDistribution(near: readonly Neighbour[], bins: number): Omit<Distribution, "space" | "title"> {
  const edges = edgesOf(bins);
  const counts = countsOf(near, bins);
  const bell = edges.slice(1).map((edge) => Math.exp(-0.5 * ((edge - BACKGROUND.mean) / BACKGROUND.std) ** 2));
  const sum = bell.reduce((total, n) => total + n, 0);
  const background = bell.map((n) => (n / sum) * near.length);
  const rest = (series: readonly number[]): number[] =>
    edges.map((_, i) => series.slice(i).reduce((total, n) => total + n, 0));
  const above = rest(counts);
  const expected = rest(background);
  const shares = above.map((n, i) => (n ? Math.min(1, (expected[i] ?? 0) / n) : null));
  const at = shares.findIndex((share, i) => share !== null && share <= 0.1 && (above[i] ?? 0) > 0);
  const cut =
    at < 0
      ? null
      : {
          similarity: edges[at] ?? 0,
          count: above[at] ?? 0,
          expected: expected[at] ?? 0,
          share: shares[at] ?? 0,
        };
  return {
    edges,
    counts,
    background,
    mean: meanOf(near),
    std: 0.13,
    background_mean: BACKGROUND.mean,
    background_std: BACKGROUND.std,
    background_of: BACKGROUND.of,
    quantiles: [0.01, 0.25, 0.5, 0.75, 0.99].map((q) => ({
      q,
      value: near[Math.floor((1 - q) * (near.length - 1))]?.similarity ?? 0,
    })),
    total: near.length,
    parts: [1],
    above,
    expected,
    shares,
    unrelated: 0.97,
    cut,
    cut_sentence: cut ? `From ${cut.similarity.toFixed(3)} on things stand out.` : "No cut: nothing stands out.",
  };
}

/** Chance that one of some pictures is nearer than one of the others, by their ranks. */
function aucOf(near: readonly Neighbour[], inside: (id: number) => boolean): Estimate {
  let ahead = 0;
  let wins = 0;
  let size = 0;
  for (const { id } of near) {
    if (inside(id)) {
      wins += near.length - ahead - size - 1;
      size += 1;
    } else ahead += 1;
  }
  const pairs = size * (near.length - size);
  const value = pairs ? (wins - (size * (size - 1)) / 2) / pairs : 0.5;
  return { value, low: Math.max(0, value - 0.08), high: Math.min(1, value + 0.08), chance: 0.5 };
}

export function fakeContrast(
  near: readonly Neighbour[],
  title: string,
  inside: (id: number) => boolean,
  bins: number,
): Contrast {
  const [ours, theirs] = [near.filter(({ id }) => inside(id)), near.filter(({ id }) => !inside(id))];
  return {
    inside_title: title,
    edges: edgesOf(bins),
    inside: countsOf(ours, bins),
    outside: countsOf(theirs, bins),
    inside_total: ours.length,
    outside_total: theirs.length,
    inside_mean: meanOf(ours),
    outside_mean: meanOf(theirs),
    auc: aucOf(near, inside),
    ks: 0.12,
    asked: false,
  };
}

export function fakeGroups(
  near: readonly Neighbour[],
  names: readonly string[],
  has: (id: number, name: string) => boolean,
  bins: number,
): Group[] {
  return names
    .map((name) => {
      const ours = near.filter(({ id }) => has(id, name));
      return {
        name,
        counts: countsOf(ours, bins),
        size: ours.length,
        mean: meanOf(ours),
        auc: aucOf(near, (id) => has(id, name)),
      };
    })
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.auc.low - a.auc.low);
}

/** Parameters: each space's name and its whole ranking. */
export function fakeSideBySide(
  title: string,
  columns: readonly (readonly [string, readonly Neighbour[]])[],
  k: number,
): SideBySide {
  const places = columns.map(([, near]) => new Map(near.map(({ id }, i) => [id, i + 1])));
  const tops = columns.map(([, near]) => near.slice(0, k).map(({ id }) => id));
  const agreements: SideBySide["agreements"] = [];
  tops.forEach((top, first) => {
    for (let second = first + 1; second < tops.length; second += 1) {
      const shared = top.filter((id) => tops[second]?.includes(id));
      const images = columns[0]?.[1].length ?? 0;
      agreements.push({
        first,
        second,
        images,
        k,
        shared,
        overlap: shared.length / k,
        overlap_chance: k / images,
        rbo: (shared.length / k) * 0.8,
        rbo_chance: 10 / images,
        spearman: 0.42,
      });
    }
  });
  return {
    title,
    columns: columns.map(([name, near]) => ({
      space: name,
      title: name,
      total: near.length,
      background: BACKGROUND,
      unable: null,
      neighbours: near
        .slice(0, k)
        .map((one) => ({ ...one, ranks: places.map((place) => place.get(one.id) ?? null) })),
    })),
    agreements,
  };
}
