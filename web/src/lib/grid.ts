/** Where tiles lie in a grid too long to draw: plain arithmetic, no DOM. */

export interface Layout {
  readonly count: number;
  readonly columns: number;
  /** Side of a square tile, pixels. */
  readonly tile: number;
  /** From one row's top to the next one's, pixels. */
  readonly row: number;
  readonly gap: number;
  readonly rows: number;
  /** Of everything, pixels. */
  readonly height: number;
}

/** Fit square tiles of about the wanted side into the width, filling it exactly. */
export function layout(
  width: number,
  count: number,
  wanted: number,
  gap: number,
  caption = 0,
): Layout {
  const least = width < 480 ? 2 : 1;
  const columns = Math.max(least, Math.round((width + gap) / (wanted + gap)));
  const tile = Math.max(1, (width - gap * (columns - 1)) / columns);
  const row = tile + caption + gap;
  const rows = Math.ceil(count / columns);
  return { count, columns, tile, row, gap, rows, height: Math.max(0, rows * row - gap) };
}

/** Indices [first, last) of the tiles to draw, a few rows beyond what is seen. */
export function visible(
  grid: Layout,
  top: number,
  viewport: number,
  overscan = 2,
): { first: number; last: number } {
  const firstRow = Math.max(0, Math.floor(top / grid.row) - overscan);
  const lastRow = Math.min(grid.rows, Math.ceil((top + viewport) / grid.row) + overscan);
  return {
    first: Math.min(grid.count, firstRow * grid.columns),
    last: Math.min(grid.count, Math.max(firstRow, lastRow) * grid.columns),
  };
}

/** The top left corner of a tile. */
export function place(grid: Layout, index: number): { x: number; y: number } {
  return {
    x: (index % grid.columns) * (grid.tile + grid.gap),
    y: Math.floor(index / grid.columns) * grid.row,
  };
}

/** The index a key leads to, or null when the key moves nothing. */
export function move(
  grid: Layout,
  index: number,
  key: string,
  viewport: number,
): number | null {
  if (grid.count === 0) return null;
  const last = grid.count - 1;
  const page = Math.max(1, Math.floor(viewport / grid.row)) * grid.columns;
  const to = ((): number | null => {
    switch (key) {
      case "ArrowLeft":
        return index - 1;
      case "ArrowRight":
        return index + 1;
      case "ArrowUp":
        return index - grid.columns < 0 ? index : index - grid.columns;
      case "ArrowDown":
        return index + grid.columns > last && Math.floor(index / grid.columns) === grid.rows - 1
          ? index
          : index + grid.columns;
      case "PageUp":
        return index - page;
      case "PageDown":
        return index + page;
      case "Home":
        return 0;
      case "End":
        return last;
      default:
        return null;
    }
  })();
  if (to === null) return null;
  return index < 0 ? (key === "End" ? last : 0) : Math.min(last, Math.max(0, to));
}

/** The least scrolling that shows a whole tile, and the ring around it. */
export function reveal(grid: Layout, index: number, top: number, viewport: number): number {
  const ring = 8;
  const { y } = place(grid, index);
  const bottom = y + grid.row - grid.gap + ring;
  if (y - ring < top) return Math.max(0, y - ring);
  return bottom > top + viewport ? bottom - viewport : top;
}

/** Browsers stop at about 16 million pixels; a taller grid scrolls through a shorter box. */
export const TALLEST = 8_000_000;

/**
 * Follow a scroll event in a grid that may be taller than its box.
 *
 * Small steps move the grid pixel by pixel; a jump (a dragged scroll bar) moves in proportion.
 * Where the box nears its end before the grid does, `anchor` says where to put the scroll bar.
 */
export function follow(
  box: { height: number; viewport: number },
  before: { scroll: number; top: number },
  scroll: number,
): { top: number; anchor: number | null } {
  const shown = Math.min(box.height, TALLEST);
  if (shown === box.height) return { top: scroll, anchor: null };
  const range = box.height - box.viewport;
  const run = shown - box.viewport;
  const step = scroll - before.scroll;
  if (Math.abs(step) > 2 * box.viewport) return { top: (scroll / run) * range, anchor: null };
  const top = Math.min(range, Math.max(0, before.top + step));
  const nearEnd = scroll < box.viewport || scroll > run - box.viewport;
  const right = scrollFor(box, top);
  return { top, anchor: nearEnd && Math.abs(right - scroll) > 1 ? right : null };
}

/** Where the scroll bar stands when the grid's top is at `top`. */
export function scrollFor(box: { height: number; viewport: number }, top: number): number {
  const shown = Math.min(box.height, TALLEST);
  if (shown === box.height) return top;
  return (top / (box.height - box.viewport)) * (shown - box.viewport);
}

/** Tile sides the +/- keys step through, pixels. */
export const TILE_SIZES = [72, 96, 128, 168, 216, 280, 360] as const;

export function stepSize(size: number, step: 1 | -1): number {
  const at = TILE_SIZES.reduce(
    (best, side, i) => (Math.abs(side - size) < Math.abs((TILE_SIZES[best] ?? 0) - size) ? i : best),
    0,
  );
  return TILE_SIZES[Math.min(TILE_SIZES.length - 1, Math.max(0, at + step))] ?? size;
}
