/** Kept comparisons of a site: answers that were written down, and boxes looked through here. */

import type { Corner, Box } from "../lib/comparison";
import { SourceError, type DataSource, type Pair } from "./source";
import type { Compared, CompareRequest, RankChanges, Scatter } from "./types";

/** What a kept comparison asks; its answers lie at `compare/NUMBER`, its place among all. */
export interface KeptHere {
  readonly name: string;
  readonly space: string;
  readonly k: number;
  readonly queries: readonly (readonly string[])[];
}

type Compares = Pick<DataSource, "compare" | "scatter" | "within" | "changes" | "comparisonFile">;

/** `read` gives what the API would answer at an address, if it was written down. */
export function keptCompares(kept: readonly KeptHere[], read: (address: string) => Promise<Response>): Compares {
  function homeOf(asked: CompareRequest): string {
    const wanted = JSON.stringify(asked.queries.map(({ terms }) => terms));
    const number = kept.findIndex(
      (each) =>
        JSON.stringify(each.queries) === wanted &&
        each.k === asked.k &&
        (asked.space == null || asked.space === each.space),
    );
    if (number < 0)
      throw new SourceError("absent", "This site holds the comparisons that are named beside, not others.", 404);
    return `compare/${number}`;
  }

  const answer = async <T>(address: string): Promise<T> => (await read(address)).json() as Promise<T>;

  return {
    compare: async (asked) => answer<Compared>(homeOf(asked)),
    scatter: async (asked, pair) => {
      const found = await answer<Scatter>(`${homeOf(asked)}/scatter/${rising(pair)}`);
      return pair[0] < pair[1] ? found : turned(found);
    },
    within: async (asked, pair, region) => {
      const home = homeOf(asked);
      if (typeof region === "string") {
        const corner = pair[0] < pair[1] ? region : (OTHER[region] ?? region);
        return new Int32Array(await (await read(`${home}/images/${rising(pair)}/${corner}`)).arrayBuffer());
      }
      const rows = await (await read(`${home}/similarities`)).arrayBuffer();
      return inBox(rows, asked.queries.length, pair, region);
    },
    changes: async (asked, pair, count) => {
      const found = await answer<RankChanges>(`${homeOf(asked)}/changes/${rising(pair)}`);
      const { gains, losses } = pair[0] < pair[1] ? found : swapped(found);
      return { gains: gains.slice(0, count), losses: losses.slice(0, count) };
    },
    comparisonFile: async (asked, _, kind) => (await read(`${homeOf(asked)}/file/${kind}`)).blob(),
  };
}

const OTHER: Partial<Record<Corner, Corner>> = { first: "second", second: "first" };

/** A pair is written down with the earlier query first. */
const rising = ([first, second]: Pair): string => `${Math.min(first, second)}/${Math.max(first, second)}`;

function turned({ edges, cells, points }: Scatter): Scatter {
  return {
    edges,
    cells: { column: cells.row, row: cells.column, count: cells.count },
    points: points && { ids: points.ids, x: points.y, y: points.x },
  };
}

function swapped({ gains, losses }: RankChanges): RankChanges {
  const other = (some: RankChanges["gains"]): RankChanges["gains"] =>
    some.map(({ id, before, after }) => ({ id, before: after, after: before }));
  return { gains: other(losses), losses: other(gains) };
}

/**
 * The images in a box, those furthest out in its corner first, as `explore.pair.within` has them.
 *
 * `rows` holds, image by image, int32 id and a float32 similarity to each of `many` queries.
 */
export function inBox(rows: ArrayBuffer, many: number, [first, second]: Pair, box: Box): Int32Array {
  const [ids, values] = [new Int32Array(rows), new Float32Array(rows)];
  const n = ids.length / (many + 1);
  const x = Float32Array.from({ length: n }, (_, i) => values[i * (many + 1) + 1 + first] ?? 0);
  const y = Float32Array.from({ length: n }, (_, i) => values[i * (many + 1) + 1 + second] ?? 0);
  const [right, up] = [side(x, box.low, box.high), side(y, box.bottom, box.top)];
  const out = (i: number): number => right * (x[i] ?? 0) + up * (y[i] ?? 0);
  const found = Array.from({ length: n }, (_, i) => i).filter(
    (i) => inside(x[i] ?? 0, box.low, box.high) && inside(y[i] ?? 0, box.bottom, box.top),
  );
  found.sort((a, b) => out(b) - out(a) || a - b);
  return Int32Array.from(found, (i) => ids[i * (many + 1)] ?? 0);
}

/** Ranges are half open; one that ends at 1 holds it. */
const inside = (value: number, low: number, high: number): boolean =>
  value >= low && (high < 1 ? value < high : value <= high);

/** 1 for a range nearer to the greatest value than to the least, -1 the other way round, 0 for neither. */
function side(values: Float32Array, low: number, high: number): number {
  const [least, greatest] = [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  return Math.sign(Math.max(low - least, 0) - Math.max(greatest - high, 0));
}
