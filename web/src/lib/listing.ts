/** All images of a site in memory: filters, orders and counts, as the catalogue does them. */

import type { Facets, Image } from "../api/types";
import { anyOf } from "./conditions";
import { valueOf, within } from "./facet";
import { compareText } from "./text";
import type { View } from "./view";

type Value = string | number | boolean | null | undefined;

/** The words of a text as the full-text search knows them: no case, no accents, no punctuation. */
export function words(text: string): string[] {
  const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
}

/** Whether a text has a phrase: its words in a row, the last one at least begun. */
function has(text: readonly string[], phrase: readonly string[]): boolean {
  return text.some((_, start) =>
    phrase.every((word, i) => {
      const there = text[start + i];
      return i === phrase.length - 1 ? there?.startsWith(word) : there === word;
    }),
  );
}

function compare(first: Value, second: Value): number {
  const [a, b] = [first, second].map((value) => (typeof value === "boolean" ? Number(value) : value));
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "string" || typeof b === "string") return typeof a === "string" ? 1 : -1;
  return (a ?? 0) - (b ?? 0);
}

/** What an order goes by; undefined: the picture comes with those that have no value. */
function sortValue(image: Image, sort: string): Value {
  switch (sort) {
    case "added":
      return image.id;
    case "name":
      return image.path;
    case "label":
      return image.label ?? undefined;
    case "width":
    case "height":
    case "size":
      return image[sort];
    default:
      return valueOf(image, sort);
  }
}

/** Whether a picture has a label, the tags, a split and a flag that are asked for. */
export function isOfKind(image: Image, view: View): boolean {
  const { labels, unlabelled, tags, anyTag, splits, flags } = view;
  const having = tags.filter((tag) => image.tags.includes(tag)).length;
  return (
    ((labels.length === 0 && !unlabelled) ||
      (image.label === null ? unlabelled : labels.includes(image.label))) &&
    (having === tags.length || (anyTag && having > 0)) &&
    (splits.length === 0 || (image.split !== null && splits.includes(image.split))) &&
    (flags.length === 0 || image.flags.some(({ kind }) => flags.includes(kind)))
  );
}

export class Listing {
  readonly #images: readonly Image[];
  #words: (readonly string[])[][] | null = null;

  constructor(images: readonly Image[]) {
    this.#images = images;
  }

  matching(view: View): Image[] {
    const phrases = view.text
      .replace(/["\0]/g, " ")
      .split(/\s+/)
      .map(words)
      .filter((phrase) => phrase.length > 0);
    const unsearchable = view.text.trim() !== "" && phrases.length === 0;
    if (unsearchable || view.selection !== null || view.answers.length > 0) return [];
    const asked = [...anyOf(view.values)];
    const texts = phrases.length ? this.#searchable() : null;
    return this.#images.filter(
      (image, place) =>
        isOfKind(image, view) &&
        asked.every(([name, values]) => values.has(String(image.properties[name] ?? ""))) &&
        view.ranges.every((text) => within(image, text)) &&
        phrases.every((phrase) => texts?.[place]?.some((text) => has(text, phrase))),
    );
  }

  order(view: View): Int32Array {
    const found = this.matching(view).map((image) => ({
      id: image.id,
      value: sortValue(image, view.sort),
    }));
    const way = view.descending ? -1 : 1;
    found.sort((a, b) => {
      const [first, second] = [a.value === undefined, b.value === undefined];
      if (first !== second) return first ? 1 : -1; // without a value they come last, either way
      return way * ((first ? 0 : compare(a.value, b.value)) || a.id - b.id);
    });
    return Int32Array.from(found, ({ id }) => id);
  }

  #searchable(): (readonly string[])[][] {
    this.#words ??= this.#images.map((image) =>
      [image.path, image.label ?? "", image.tags.join(" ")].map(words),
    );
    return this.#words;
  }
}

/** Count labels, tags, splits and flags, the most frequent first. */
export function countFacets(
  images: readonly Image[],
  properties: Readonly<Record<string, Facets["properties"][number]["type"]>>,
): Facets {
  return {
    total: images.length,
    unlabelled: images.filter((image) => image.label === null).length,
    labels: tally(images, (image) => (image.label === null ? [] : [image.label])),
    tags: tally(images, (image) => image.tags),
    splits: tally(images, (image) => (image.split === null ? [] : [image.split])),
    flags: tally(images, (image) => image.flags.map((flag) => flag.kind)),
    properties: Object.entries(properties).map(([name, type]) => ({ name, type })),
  };
}

function tally(
  images: readonly Image[],
  names: (image: Image) => readonly string[],
): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const image of images)
    for (const name of names(image)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || compareText(a.name, b.name));
}
