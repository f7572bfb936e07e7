/** What the map can be coloured by, what that says of a picture, and which pictures it leaves lit. */

import type { Collection, Facets, Values } from "../api/types";
import { property } from "../lib/format";
import { categoryColour, categoryColours, rampColour, type Scheme } from "./colour";

export type Way = readonly [by: string, title: string];
export type WayGroup = readonly [title: string, ways: readonly Way[]];

const MOST_TAGS = 60;

/** All that a map can be coloured by, in groups; groups with nothing in them are left out. */
export function waysOf(
  facets: Pick<Facets, "labels" | "splits" | "properties" | "tags"> | null,
  models: readonly Pick<Collection["models"][number], "name">[],
  placed: number,
): readonly WayGroup[] {
  const known: Way[] = [];
  if (facets?.labels.length) known.push(["label", "Label"]);
  if (facets?.splits.length) known.push(["split", "Split"]);
  if (placed) known.push(["placed", "How they got their place"]);
  const groups: WayGroup[] = [
    ["What is known", known],
    [
      "Model",
      models.flatMap(({ name }): Way[] => [
        [`model:${name}:error`, `${name}: right or wrong`],
        [`model:${name}:score`, `${name}: probability of the true label`],
        [`model:${name}`, `${name}: its answer`],
      ]),
    ],
    ["Property", (facets?.properties ?? []).map(({ name }) => [`property:${name}`, name.replaceAll("_", " ")])],
    ["Tag", (facets?.tags ?? []).slice(0, MOST_TAGS).map(({ name }) => [`tag:${name}`, name])],
  ];
  return groups.filter(([, ways]) => ways.length);
}

export interface Told {
  readonly title: string;
  readonly text: string;
  readonly colour: string;
}

/** What the map is coloured by, of one picture with this value. */
export function toldOf(values: Values, value: number, scheme: Scheme): Told {
  const { title } = values;
  if (values.kind === "category") {
    const name = values.categories[value]?.name;
    return { title, text: name ?? "none", colour: categoryColours(values, scheme)[value] ?? categoryColour(-1, scheme) };
  }
  if (Number.isNaN(value)) return { title, text: "none", colour: categoryColour(-1, scheme) };
  const [low, high] = [values.low ?? 0, values.high ?? 0];
  const share = high > low ? (value - low) / (high - low) : 0.5;
  const colour = `rgb(${rampColour(share, scheme).join(" ")})`;
  return { title, text: property(Number(value.toPrecision(6))), colour };
}

/**
 * Points that search and legend leave lit; null: all.
 *
 * `found` holds the ids that the search found (null: no search), `only` the names of the lit
 * categories (none: all), `values` and `data` what the map is coloured by.
 */
export function litPoints(
  ids: Int32Array,
  found: ReadonlySet<number> | null,
  only: readonly string[],
  values: Values | null,
  data: Int32Array | Float32Array | null,
): ReadonlySet<number> | null {
  const choosy = only.length > 0 && values?.kind === "category";
  if (!found && !choosy) return null;
  const codes = new Set(only.map((name) => values?.categories.findIndex((each) => each.name === name) ?? -1));
  const lit = new Set<number>();
  ids.forEach((id, point) => {
    if (found && !found.has(id)) return;
    if (choosy && !codes.has(data?.[point] ?? -1)) return;
    lit.add(point);
  });
  return lit;
}
