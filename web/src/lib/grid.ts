/** Where tiles lie in a grid too long to draw: plain arithmetic, no DOM. */

/** Rows of tiles, each row of one height. */
export interface Layout {
  readonly count: number;
  readonly rows: number;
  readonly gap: number;
  /** Of everything, pixels. */
  readonly height: number;
  /** The first tile of a row; of the row behind the last one, the count. */
  first(row: number): number;
  /** The upper edge of a row, pixels. */
  top(row: number): number;
  /** The height of the pictures of a row, pixels. */
  side(row: number): number;
  /** The width of a tile, pixels. */
  width(index: number): number;
}

/** Square tiles in columns. */
export interface Squares extends Layout {
  readonly columns: number;
  /** Side of a tile, pixels. */
  readonly tile: number;
  /** From one row's top to the next one's, pixels. */
  readonly row: number;
}

/** Fit square tiles of about the wanted side into the width, filling it exactly. */
export function layout(
  width: number,
  count: number,
  wanted: number,
  gap: number,
  caption = 0,
): Squares {
  const least = width < 480 ? 2 : 1;
  const columns = Math.max(least, Math.round((width + gap) / (wanted + gap)));
  const tile = Math.max(1, (width - gap * (columns - 1)) / columns);
  const row = tile + caption + gap;
  const rows = Math.ceil(count / columns);
  return {
    count,
    columns,
    tile,
    row,
    gap,
    rows,
    height: Math.max(0, rows * row - gap),
    first: (at) => Math.min(count, at * columns),
    top: (at) => at * row,
    side: () => tile,
    width: () => tile,
  };
}

/** Pictures wider or taller than this are shown in a tile of this shape. */
export const WIDEST = 4;

/**
 * Pack pictures of their own shapes into rows that fill the width exactly.
 *
 * A row takes pictures while that brings its height nearer to the wanted one. The last row keeps
 * the wanted height, or less where it would not fit.
 */
export function justify(
  width: number,
  ratios: { readonly length: number; at(index: number): number },
  wanted: number,
  gap: number,
): Layout {
  const count = width > 0 ? ratios.length : 0;
  const ratio = (index: number): number => {
    const own = ratios.at(index);
    return own > 0 ? Math.min(WIDEST, Math.max(1 / WIDEST, own)) : 1;
  };
  const sideOf = (sum: number, n: number): number => (width - gap * (n - 1)) / sum;
  const starts: number[] = [];
  const sides: number[] = [];
  let first = 0;
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    const own = ratio(i);
    const without = i > first ? sideOf(sum, i - first) : Infinity;
    const withIt = sideOf(sum + own, i - first + 1);
    if (i > first && withIt < wanted && without / wanted < wanted / Math.max(1, withIt)) {
      starts.push(first);
      sides.push(without);
      first = i;
      sum = 0;
    }
    sum += own;
  }
  if (count > 0) {
    starts.push(first);
    sides.push(Math.min(wanted, sideOf(sum, count - first)));
  }
  const rows = starts.length;
  const tops = new Float64Array(rows + 1);
  sides.forEach((side, row) => (tops[row + 1] = (tops[row] ?? 0) + side + gap));
  const grid: Layout = {
    count,
    rows,
    gap,
    height: Math.max(0, (tops[rows] ?? 0) - gap),
    first: (row) => starts[row] ?? count,
    top: (row) => tops[row] ?? 0,
    side: (row) => sides[row] ?? wanted,
    width: (index) => ratio(index) * grid.side(rowOf(grid, index)),
  };
  return grid;
}

/** The last row for which a rising function is not above a value. */
function lastRow(rows: number, of: (row: number) => number, value: number): number {
  let [low, high] = [0, Math.max(0, rows - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (of(middle) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The row of a tile. */
export function rowOf(grid: Layout, index: number): number {
  return lastRow(grid.rows, grid.first, index);
}

/** Indices [first, last) of the tiles to draw, a few rows beyond what is seen. */
export function visible(
  grid: Layout,
  top: number,
  viewport: number,
  overscan = 2,
): { first: number; last: number } {
  const firstRow = Math.max(0, lastRow(grid.rows, grid.top, top) - overscan);
  const end = lastRow(grid.rows, grid.top, top + viewport) + 1 + overscan;
  return { first: grid.first(firstRow), last: grid.first(Math.min(grid.rows, end)) };
}

/** The top left corner of a tile, and the size of its picture. */
export function place(
  grid: Layout,
  index: number,
): { x: number; y: number; width: number; height: number } {
  const row = rowOf(grid, index);
  let x = 0;
  for (let i = grid.first(row); i < index; i += 1) x += grid.width(i) + grid.gap;
  return { x, y: grid.top(row), width: grid.width(index), height: grid.side(row) };
}

/** The tile of a row whose middle is nearest to a place along it. */
function nearestIn(grid: Layout, row: number, x: number): number {
  const [first, end] = [grid.first(row), grid.first(row + 1)];
  let left = 0;
  let best = first;
  let least = Infinity;
  for (let i = first; i < end; i += 1) {
    const away = Math.abs(left + grid.width(i) / 2 - x);
    if (away < least - 0.5) [best, least] = [i, away];
    left += grid.width(i) + grid.gap;
  }
  return best;
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
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (!/^(Arrow(Left|Right|Up|Down)|Page(Up|Down))$/.test(key)) return null;
  if (index < 0) return 0;
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  if (key === "ArrowRight") return Math.min(last, index + 1);
  const { x, y, width } = place(grid, index);
  const row = rowOf(grid, index);
  const page = Math.max(grid.side(row) + grid.gap, viewport - grid.side(row));
  const to = {
    ArrowUp: row - 1,
    ArrowDown: row + 1,
    PageUp: Math.min(row - 1, lastRow(grid.rows, grid.top, y - page)),
    PageDown: Math.max(row + 1, lastRow(grid.rows, grid.top, y + page)),
  }[key];
  if (to === undefined || (to < 0 && row === 0) || (to >= grid.rows && row === grid.rows - 1))
    return key.startsWith("Page") ? (key === "PageUp" ? 0 : last) : index;
  return nearestIn(grid, Math.min(grid.rows - 1, Math.max(0, to)), x + width / 2);
}

/** The least scrolling that shows a whole tile, and the ring around it. */
export function reveal(grid: Layout, index: number, top: number, viewport: number): number {
  const ring = 8;
  const row = rowOf(grid, index);
  const y = grid.top(row);
  const bottom = grid.top(row) + grid.side(row) + caption(grid, row) + ring;
  if (y - ring < top) return Math.max(0, y - ring);
  return bottom > top + viewport ? bottom - viewport : top;
}

/** What a row has below its pictures. */
function caption(grid: Layout, row: number): number {
  const next = row + 1 < grid.rows ? grid.top(row + 1) - grid.gap : grid.height;
  return Math.max(0, next - grid.top(row) - grid.side(row));
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
