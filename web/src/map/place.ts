/** What the Map page shows, as its address says it. */

import { SIZES, USUAL_SIZE } from "./detail";
import { formatLoop, parseLoop } from "./lasso";
import type { LayoutName } from "./stage";
import type { Point } from "./view";

/** A loop that was drawn, and the layout it was drawn on. */
export interface Area {
  readonly layout: LayoutName;
  readonly loop: readonly Point[];
}

export interface MapPlace {
  /** Name of the map; null: the first one. */
  readonly map: string | null;
  readonly layout: LayoutName;
  /** What pictures are coloured by, as `values?by=` takes it. */
  readonly by: string | null;
  /** Categories that are lit; none: all. */
  readonly only: readonly string[];
  /** Words whose pictures are lit. */
  readonly text: string;
  /** Step of the size of scattered pictures. */
  readonly size: number;
  readonly areas: readonly Area[];
  /** Pictures that were added to, or taken from, what the areas hold. */
  readonly picks: readonly number[];
  /** The picture that is open beside the map. */
  readonly image: number | null;
  /** What to draw with, where it is not left to the browser. */
  readonly draw: Drawn;
}

export type Drawn = "auto" | "webgl" | "canvas";

/** More single pictures than an address should name. */
export const MOST_PICKS = 300;
const DRAWN: readonly Drawn[] = ["webgl", "canvas"];

export function placeFrom(params: URLSearchParams): MapPlace {
  const size = params.get("size");
  const image = params.get("image");
  return {
    map: params.get("map"),
    layout: params.get("layout") === "grid" ? "grid" : "scatter",
    by: params.get("by"),
    only: params.getAll("only"),
    text: params.get("text") ?? "",
    size: size !== null && Number(size) in SIZES ? Number(size) : USUAL_SIZE,
    areas: params.getAll("area").flatMap((text) => parseArea(text) ?? []),
    picks: numbers(params.get("pick")),
    image: image !== null && /^\d+$/.test(image) ? Number(image) : null,
    draw: DRAWN.find((one) => one === params.get("draw")) ?? "auto",
  };
}

/** Write only what differs from what one sees first. */
export function placeParams(place: MapPlace, view: string | null): URLSearchParams {
  const params = new URLSearchParams();
  if (place.map !== null) params.set("map", place.map);
  if (place.layout === "grid") params.set("layout", "grid");
  if (place.by !== null) params.set("by", place.by);
  for (const name of place.only) params.append("only", name);
  if (place.text.trim()) params.set("text", place.text);
  if (place.size !== USUAL_SIZE) params.set("size", String(place.size));
  for (const area of place.areas) params.append("area", formatArea(area));
  if (place.picks.length) params.set("pick", place.picks.slice(0, MOST_PICKS).join(","));
  if (place.image !== null) params.set("image", String(place.image));
  if (place.draw !== "auto") params.set("draw", place.draw);
  if (view !== null) params.set("view", view);
  return params;
}

/** The points that are chosen: those in the areas, with the single ones turned over. */
export function chosenPoints(
  place: Pick<MapPlace, "areas" | "picks">,
  enclosed: (loop: readonly Point[], layout: LayoutName) => readonly number[],
  pointOf: (id: number) => number | undefined,
): Set<number> {
  const chosen = new Set(place.areas.flatMap(({ loop, layout }) => enclosed(loop, layout)));
  for (const id of place.picks) {
    const point = pointOf(id);
    if (point === undefined) continue;
    if (!chosen.delete(point)) chosen.add(point);
  }
  return chosen;
}

export function toggled<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

function formatArea({ layout, loop }: Area): string {
  return (layout === "grid" ? "g" : "s") + formatLoop(loop);
}

function parseArea(text: string): Area | null {
  const loop = parseLoop(text.slice(1));
  if (!loop.length || !/^[gs]/.test(text)) return null;
  return { layout: text.startsWith("g") ? "grid" : "scatter", loop };
}

function numbers(text: string | null): number[] {
  return (text ?? "").split(",").filter((part) => /^\d+$/.test(part)).map(Number);
}
