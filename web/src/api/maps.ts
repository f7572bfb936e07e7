/** Maps from the server: places, colours, and pictures small enough to have very many of. */

import { parsePoints, type Points } from "../map/points";
import type { Side } from "../map/sheets";
import type { MapCard, Values } from "./types";

export interface MapSource {
  list(): Promise<MapCard[]>;
  points(name: string): Promise<Points>;
  /** The same images in a grid without overlaps, in the same order. */
  grid(name: string): Promise<Points>;
  remove(name: string): Promise<void>;
  /** What the images of a map can be coloured by. */
  values(by: string, map: string): Promise<Values>;
  /** One number per image, in the order of the map's points: see `Values`. */
  data(values: Values, map: string): Promise<Int32Array | Float32Array>;
  /** A sheet of 1,024 sprites (JPEG), see `map/sheets.ts`. */
  sheet(side: Side, page: number, signal: AbortSignal): Promise<Blob>;
  /** Sprites of up to 256 images in the order of the ids, 16 in a row. */
  chosen(side: number, ids: readonly number[], signal: AbortSignal): Promise<Blob>;
}

export function serverMaps(request: (path: string, init?: RequestInit) => Promise<Response>): MapSource {
  const bytes = async (path: string): Promise<ArrayBuffer> => (await request(path)).arrayBuffer();
  const asked = (by: string, map: string): URLSearchParams => new URLSearchParams({ by, map });
  const named = (name: string): string => `maps/${encodeURIComponent(name)}`;
  return {
    list: async () => (await (await request("maps")).json()) as MapCard[],
    points: async (name) => parsePoints(await bytes(`${named(name)}/points`)),
    grid: async (name) => parsePoints(await bytes(`${named(name)}/grid`)),
    remove: async (name) => {
      await request(named(name), { method: "DELETE" });
    },
    values: async (by, map) => (await (await request(`values?${asked(by, map)}`)).json()) as Values,
    data: async (values, map) => {
      const body = await bytes(`values/data?${asked(values.by, map)}`);
      return values.kind === "category" ? new Int32Array(body) : new Float32Array(body);
    },
    sheet: async (side, page, signal) => (await request(`sprites/${side}/${page}`, { signal })).blob(),
    chosen: async (side, ids, signal) =>
      (await request(`sprites/${side}?ids=${ids.join(",")}`, { signal })).blob(),
  };
}
