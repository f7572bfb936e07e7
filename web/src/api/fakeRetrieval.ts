/** Made-up answers to "does it retrieve X?" for the fake source. */

import type { X } from "../lib/retrieval";
import type { Estimate, Overview, Retrieval } from "./types";

function estimate(value: number, chance: number): Estimate {
  return { value, low: Math.max(0, value - 0.06), high: Math.min(1, value + 0.05), chance };
}

export function fakeRetrieval(x: X, spaces: readonly { name: string; title: string }[]): Retrieval {
  return {
    x: `${x.kind}:${x.name}`,
    verdict: `Partly: for a picture of '${x.name}', of the 10 nearest images 42% are of it too.`,
    results: spaces.map(({ name, title }, i) => ({
      space: name,
      title,
      precision: [1, 5, 10, 50].map((k) => ({ k, ...estimate(0.6 - 0.004 * k - 0.1 * i, 0.12) })),
      average_precision: estimate(0.38 - 0.1 * i, 0.13),
      auc: estimate(0.8 - 0.05 * i, 0.5),
      answer: i ? "no" : "partly",
      sentence: `Partly, in ${title}.`,
      best: [1, 2, 3, 4, 5, 6],
      worst: [7, 8, 9, 10, 11, 12],
      relevant: 140,
      images: 1000,
      queries: 140,
      depth: 10,
    })),
    differences: spaces.slice(1).map(({ name }) => ({
      first: spaces[0]?.name ?? "",
      second: name,
      queries: 140,
      depth: 10,
      precision: { value: 0.1, low: 0.05, high: 0.15, chance: 0 },
      average_precision: { value: 0.1, low: 0.04, high: 0.16, chance: 0 },
      auc: { value: 0.05, low: -0.01, high: 0.1, chance: 0 },
    })),
    missing: [],
    impossible: [],
  };
}

export function fakeOverview(
  by: "label" | "tag",
  names: readonly string[],
  spaces: readonly { name: string; title: string }[],
): Overview {
  return {
    by,
    made: "2026-01-01T10:00:00Z",
    spaces: spaces.map(({ name }) => name),
    titles: spaces.map(({ title }) => title),
    rows: names.map((name, row) => ({
      name,
      relevant: 140 - row,
      cells: spaces.map((space, i) => ({
        space: space.name,
        average_precision: estimate(0.1 + ((row * 7 + i * 3) % 10) / 12, 0.1),
        precision: estimate(0.2 + ((row * 7 + i * 3) % 10) / 14, 0.1),
        depth: 10,
        queries: 50,
        relevant: 140 - row,
        answer: (["no", "partly", "yes"] as const)[(row + i) % 3] ?? "no",
        gain: ((row * 7 + i * 3) % 10) / 12,
      })),
    })),
    queries: 50,
    left_out: [],
    stale: false,
  };
}
