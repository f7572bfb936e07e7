/**
 * Where the small picture of an image lies: on a sheet of the server, and in a texture.
 *
 * Sheet p holds the images with ids from 1,024 p to 1,024 p + 1,023, 32 in a row, each in a square
 * cell that it fills. Textures are squares of several sheets, in layers.
 */

export const COLUMNS = 32;
export const PER_SHEET = COLUMNS * COLUMNS;
export const SIDES = [64, 32, 16, 8] as const;
export type Side = (typeof SIDES)[number];

/** Of one layer of a texture; sheets of 64 pixels a sprite fill one, of the smaller ones more fit. */
export const LAYER = COLUMNS * 64;

export function pageOf(id: number): number {
  return Math.floor(id / PER_SHEET);
}

/** The sheets that hold images, rising. */
export function pagesOf(ids: Int32Array): number[] {
  const pages = new Set<number>();
  for (const id of ids) pages.add(pageOf(id));
  return [...pages].sort((a, b) => a - b);
}

/** How many sheets one layer holds. */
export function perLayer(side: Side): number {
  return (LAYER / (COLUMNS * side)) ** 2;
}

/** The layer of the n-th sheet, and its top left corner there in pixels. */
export function placeOf(n: number, side: Side): { layer: number; x: number; y: number } {
  const across = LAYER / (COLUMNS * side);
  const within = n % perLayer(side);
  return {
    layer: Math.floor(n / perLayer(side)),
    x: (within % across) * COLUMNS * side,
    y: Math.floor(within / across) * COLUMNS * side,
  };
}

/** The largest sprites of everything that fit into the memory and layers there are. */
export function sideFor(pages: number, most: { bytes: number; layers: number }): Side {
  const fits = (side: Side): boolean => {
    const layers = Math.ceil(pages / perLayer(side));
    return layers <= most.layers && layers * LAYER * LAYER * 4 <= most.bytes;
  };
  return SIDES.find(fits) ?? 8;
}

/** For each image the number of its cell: the n-th sheet × 1,024 + the place on it. */
export function cellsOf(ids: Int32Array, pages: readonly number[]): Uint32Array {
  const nth = new Map(pages.map((page, n) => [page, n]));
  return Uint32Array.from(ids, (id) => (nth.get(pageOf(id)) ?? 0) * PER_SHEET + (id % PER_SHEET));
}
