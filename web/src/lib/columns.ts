/** Spaces side by side: which rows are the same picture, and lines between them. */

export interface Link {
  readonly id: number;
  /** Rows in the left and in the right column. */
  readonly left: number;
  readonly right: number;
}

/** The pictures that two neighbouring columns share. */
export function links(left: readonly number[], right: readonly number[]): Link[] {
  const at = new Map(right.map((id, row) => [id, row]));
  return left.flatMap((id, row) => {
    const other = at.get(id);
    return other === undefined ? [] : [{ id, left: row, right: other }];
  });
}

/** A curve from the middle of a row on the left edge to the middle of one on the right edge. */
export function linkPath(link: Link, row: number, width: number): string {
  const [from, to] = [(link.left + 0.5) * row, (link.right + 0.5) * row];
  const bend = width / 2;
  return `M0 ${from}C${bend} ${from} ${bend} ${to} ${width} ${to}`;
}

export interface Cell {
  readonly column: number;
  readonly row: number;
}

/**
 * Where a key leads; null when it moves nothing.
 *
 * Across columns it follows the picture, when it is shared, else it stays on the row.
 */
export function step(
  columns: readonly (readonly number[])[],
  from: Cell | null,
  key: string,
): Cell | null {
  const long = (column: number): number => columns[column]?.length ?? 0;
  const within = (column: number, row: number): Cell | null =>
    long(column) === 0
      ? null
      : { column, row: Math.min(long(column) - 1, Math.max(0, row)) };
  const moves = ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "PageDown", "PageUp"];
  if (!moves.includes(key)) return null;
  if (from === null) return within(0, 0);
  switch (key) {
    case "ArrowDown":
      return within(from.column, from.row + 1);
    case "ArrowUp":
      return within(from.column, from.row - 1);
    case "PageDown":
      return within(from.column, from.row + 8);
    case "PageUp":
      return within(from.column, from.row - 8);
    case "Home":
      return within(from.column, 0);
    case "End":
      return within(from.column, long(from.column) - 1);
    default: {
      const column = from.column + (key === "ArrowRight" ? 1 : -1);
      if (column < 0 || column >= columns.length) return from;
      const id = columns[from.column]?.[from.row] ?? -1;
      const same = columns[column]?.indexOf(id) ?? -1;
      return within(column, same >= 0 ? same : from.row);
    }
  }
}
