/** Maps without a server: clusters that depend on nothing but their number. */

import { COLUMNS, PER_SHEET } from "../map/sheets";
import type { Points } from "../map/points";
import { chance, fakeImage, LABELS } from "./fake";
import type { MapSource } from "./maps";
import type { Estimate, MapCard, Values } from "./types";

/** Parameters: how many pictures, and how an answer is waited for. */
export function fakeMaps(images: number, wait: <T>(value: T) => Promise<T>): MapSource {
  const ids = Int32Array.from({ length: images }, (_, i) => i + 1).filter((id) => id % 97 !== 0);
  const columns = Math.max(1, Math.ceil(Math.sqrt(ids.length * 1.3)));
  const rows = Math.ceil(ids.length / columns);
  const share = (value: number, chance_: number): Estimate => ({ value, low: value - 0.01, high: value + 0.01, chance: chance_ });
  const card = (method: "tsne" | "pca"): MapCard => ({
    name: method,
    title: method === "tsne" ? "t-SNE of EfficientNet-Lite0 · pooled" : "PCA of EfficientNet-Lite0 · pooled",
    settings: { method, seed: 0, perplexity: 30, neighbours: 15, min_dist: 0.1, fit_on: null },
    space: "lite0",
    space_title: "EfficientNet-Lite0 · pooled",
    created: "2026-01-01T10:00:00Z",
    images: ids.length,
    placed: 0,
    placing: "",
    columns,
    rows,
    faithfulness: {
      k: 15,
      asked: Math.min(2000, ids.length),
      exact: false,
      trustworthiness: share(method === "tsne" ? 0.96 : 0.8, 0.5),
      continuity: share(0.94, 0.5),
      kept: share(method === "tsne" ? 0.52 : 0.11, 0.01),
      label_hit: share(0.71, 0.15),
      label_hit_space: share(0.74, 0.15),
    },
  });

  function scattered(spread: number): Points {
    const [x, y] = [new Float32Array(ids.length), new Float32Array(ids.length)];
    ids.forEach((id, i) => {
      const cluster = LABELS.indexOf(fakeImage(id).label ?? "") + 1;
      const [angle, far] = [chance(id, 51) * 2 * Math.PI, Math.sqrt(-Math.log(1 - chance(id, 52) * 0.98)) * spread];
      x[i] = clamp(0.2 + 0.6 * chance(cluster, 53) + Math.cos(angle) * far);
      y[i] = clamp(0.2 + 0.6 * chance(cluster, 54) + Math.sin(angle) * far);
    });
    return { ids, x, y };
  }

  function gridded(): Points {
    const order = scattered(0.09);
    const placed = { ids, x: new Float32Array(ids.length), y: new Float32Array(ids.length) };
    const side = 1 / Math.max(columns, rows);
    const across = [...ids.keys()].sort((a, b) => (order.y[a] ?? 0) - (order.y[b] ?? 0));
    for (let row = 0; row < rows; row++)
      across
        .slice(row * columns, (row + 1) * columns)
        .sort((a, b) => (order.x[a] ?? 0) - (order.x[b] ?? 0))
        .forEach((i, column) => {
          placed.x[i] = 0.5 + (column + 0.5 - columns / 2) * side;
          placed.y[i] = 0.5 + (row + 0.5 - rows / 2) * side;
        });
    return placed;
  }

  const label = (id: number): number => LABELS.indexOf(fakeImage(id).label ?? "");
  const numbers = (by: string): boolean => by.startsWith("property:year") || by.endsWith(":score");

  return {
    list: () => wait(images ? [card("tsne"), card("pca")] : []),
    points: (name) => wait(scattered(name === "tsne" ? 0.09 : 0.2)),
    grid: () => wait(gridded()),
    remove: () => wait(undefined),
    values: (by) => {
      const categories = by === "label" ? [...LABELS] : ["no", "yes"];
      return wait<Values>({
        by,
        title: by === "label" ? "Label" : by,
        kind: numbers(by) ? "number" : "category",
        categories: numbers(by) ? [] : categories.map((name, n) => ({ name, count: ids.filter((id) => (by === "label" ? label(id) : id % 2) === n).length })),
        low: numbers(by) ? 1880 : null,
        high: numbers(by) ? 1999 : null,
        missing: 0,
        total: ids.length,
      });
    },
    data: ({ by, kind }) =>
      wait(
        kind === "number"
          ? Float32Array.from(ids, (id) => 1880 + (id % 120))
          : Int32Array.from(ids, (id) => (by === "label" ? label(id) : id % 2)),
      ),
    sheet: (side, page) =>
      packed(Array.from({ length: PER_SHEET }, (_, cell) => page * PER_SHEET + cell), side, COLUMNS),
    chosen: (side, wanted) => packed(wanted, side, 16),
  };
}

/** Draw what stands for the sprites of images. */
async function packed(ids: readonly number[], side: number, columns: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(columns * side, Math.ceil(ids.length / columns) * side);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("No canvas here.");
  ids.forEach((id, cell) => {
    const hue = Math.floor(chance(id, 8) * 360);
    const [x, y] = [(cell % columns) * side, Math.floor(cell / columns) * side];
    pen.fillStyle = `hsl(${hue} 30% 82%)`;
    pen.fillRect(x, y, side, side);
    pen.fillStyle = `hsl(${hue} 55% 45%)`;
    pen.fillRect(x + chance(id, 20) * side * 0.5, y + chance(id, 30) * side * 0.5, side / 2, side / 2);
  });
  return canvas.convertToBlob({ type: "image/jpeg" });
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
