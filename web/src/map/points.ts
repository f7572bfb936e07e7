/** The places of a map, as the server sends them. */

export interface Points {
  readonly ids: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

const ROW = 12;

/** Read rows of little-endian int32 id, float32 x, float32 y. */
export function parsePoints(bytes: ArrayBuffer): Points {
  const n = Math.floor(bytes.byteLength / ROW);
  const rows = new DataView(bytes);
  const points = { ids: new Int32Array(n), x: new Float32Array(n), y: new Float32Array(n) };
  for (let i = 0; i < n; i++) {
    points.ids[i] = rows.getInt32(i * ROW, true);
    points.x[i] = rows.getFloat32(i * ROW + 4, true);
    points.y[i] = rows.getFloat32(i * ROW + 8, true);
  }
  return points;
}

/** The places of another layout of the same images, in the order of `ids`; null where one lacks. */
export function aligned(ids: Int32Array, other: Points): Points | null {
  if (ids.length === other.ids.length && ids.every((id, i) => id === other.ids[i])) return other;
  const rows = new Map<number, number>();
  other.ids.forEach((id, row) => rows.set(id, row));
  const x = new Float32Array(ids.length);
  const y = new Float32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const row = rows.get(ids[i] ?? -1);
    if (row === undefined) return null;
    x[i] = other.x[row] ?? 0;
    y[i] = other.y[row] ?? 0;
  }
  return { ids, x, y };
}
