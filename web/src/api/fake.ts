/** A DataSource without a server: for development (`?fake=100000`) and for tests. */

import { fakePreparing } from "./fakePreparing";
import { ROOMS } from "../lib/rooms";
import { anyOf } from "../lib/conditions";
import { facetOf, within } from "../lib/facet";
import { formatTerm, parseTerm, soleImage, type Term } from "../lib/terms";
import { isOfKind } from "../lib/listing";
import type { View } from "../lib/view";
import { fakeMaps } from "./fakeMaps";
import {
  BACKGROUND,
  edgesOf,
  fakeContrast,
  fakeDistribution,
  fakeGroups,
  fakeSideBySide,
} from "./fakeSpread";
import { SourceError, type DataSource, type Query } from "./source";
import { fakeLearning, fakeModel, fakeModelsCompared, fakeOutlook } from "./fakeLearning";
import { fakeOverview, fakeRetrieval } from "./fakeRetrieval";
import { fakeChanges, fakeCompared, fakeScatter, fakeWithin } from "./fakeCompare";
import type {
  Collection,
  CompareRequest,
  Comparison,
  Facets,
  History,
  Image,
  Job,
  Neighbour,
  Selection,
} from "./types";

export const LABELS = ["animals", "food", "nature", "objects", "people", "symbols", "travel"];
const WORDS = ["blue", "calm", "dark", "face", "hand", "heart", "house", "moon", "sea", "star"];

/** A number in [0, 1) that depends on nothing but its arguments. */
export function chance(...seeds: number[]): number {
  let h = 2166136261;
  for (const seed of seeds) h = Math.imul(h ^ (seed + 0x9e3779b9), 16777619);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  return (h >>> 0) / 2 ** 32;
}

function pick<T>(list: readonly T[], share: number): T {
  const item = list[Math.floor(share * list.length)];
  if (item === undefined) throw new RangeError("Nothing to pick from.");
  return item;
}

export function fakeImage(id: number): Image {
  const broken = id % 97 === 0;
  const word = pick(WORDS, chance(id, 1));
  return {
    id,
    name: `${word}-${String(id).padStart(5, "0")}.jpg`,
    path: `${pick(LABELS, chance(id, 2))}/${word}-${String(id).padStart(5, "0")}.jpg`,
    version: `v${id}`,
    width: broken ? 0 : 480 + Math.floor(chance(id, 3) * 900),
    height: broken ? 0 : 480 + Math.floor(chance(id, 4) * 700),
    size: Math.floor(20_000 + chance(id, 5) * 4e6),
    format: broken ? "" : "JPEG",
    label: id % 11 === 0 ? null : pick(LABELS, chance(id, 2)),
    split: id % 5 === 0 ? "test" : "train",
    tags: [word, pick(WORDS, chance(id, 6))].filter((tag, i, all) => all.indexOf(tag) === i),
    flags: broken
      ? [{ kind: "truncated", reason: "The file ends before the picture does.", blocking: true }]
      : id % 53 === 0
        ? [{ kind: "tiny", reason: "Only 24 × 24 pixels.", blocking: false }]
        : [],
    properties: { year: 1880 + (id % 120), medium: pick(["oil", "ink", "gouache"], chance(id, 7)) },
  };
}

type Saved = ReadonlyMap<string, ReadonlySet<number>>;

function matches(image: Image, view: View, saved: Saved = new Map()): boolean {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${image.name} ${image.label ?? ""} ${image.tags.join(" ")}`.toLowerCase();
  return (
    isOfKind(image, view) &&
    [...anyOf(view.values)].every(([name, values]) => values.has(String(image.properties[name] ?? ""))) &&
    view.ranges.every((text) => within(image, text)) &&
    (view.selection === null || saved.get(view.selection)?.has(image.id) === true) &&
    words.every((word) => text.includes(word))
  );
}

function drawing(id: number): string {
  const hue = Math.floor(chance(id, 8) * 360);
  const shapes = [0, 1, 2, 3]
    .map((i) => {
      const [x, y, r] = [chance(id, 20 + i), chance(id, 30 + i), chance(id, 40 + i)];
      const fill = `hsl(${(hue + i * 40) % 360} 55% ${35 + i * 13}%)`;
      return `<circle cx="${(x * 160).toFixed(0)}" cy="${(y * 120).toFixed(0)}" r="${(15 + r * 45).toFixed(0)}" fill="${fill}"/>`;
    })
    .join("");
  const { width, height } = fakeImage(id);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 160 120" preserveAspectRatio="xMidYMid slice"><rect x="-200" y="-200" width="600" height="600" fill="hsl(${hue} 30% 88%)"/>${shapes}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Parameters: how many pictures, and the milliseconds an answer takes. */
export function fakeSource(images: number, delay = 0): DataSource {
  const wait = <T>(value: T): Promise<T> =>
    new Promise((resolve) => setTimeout(() => resolve(value), delay));
  const all = Int32Array.from({ length: images }, (_, i) => i + 1);
  const job: Job = {
    id: "1",
    kind: "embed",
    title: "Vectors: EfficientNet-Lite0, pooled",
    state: "running",
    stage: "Reading and embedding",
    done: Math.floor(images * 0.6),
    total: images,
    unit: "images",
    rate: 305,
    seconds_left: (images * 0.4) / 305,
    started: "2026-01-01T10:00:00Z",
    ended: null,
    error: null,
    notes: ["OpenVINO on CPU, f32"],
    again: false,
    file: null,
    options: {},
    epochs: null,
  };
  const collection: Collection = {
    name: "pictures",
    roots: ["/home/me/pictures"],
    images,
    usable: images,
    unread: 0,
    state: 1,
    spaces: images
      ? [
          {
            name: "lite0",
            title: "EfficientNet-Lite0 · pooled",
            network: "efficientnet-lite0",
            layer: "pooled",
            dimension: 1280,
            rows: images,
            bytes: images * 2560,
            words: true,
            index: null,
          },
          {
            name: "lite0-mid",
            title: "EfficientNet-Lite0 · stage 5",
            network: "efficientnet-lite0",
            layer: "stage5",
            dimension: 112,
            rows: images,
            bytes: images * 224,
            words: false,
            index: null,
          },
        ]
      : [],
    default_space: images ? "lite0" : null,
    models: images
      ? [
          {
            name: "label",
            title: "Labels by a linear SVM",
            target: "label",
            method: "linear-svm",
            space: "lite0",
            space_title: "EfficientNet-Lite0 · pooled",
            created: "2026-01-01T10:00:00Z",
            labels: LABELS,
            images,
            metrics: {
              top1: { value: 0.75, low: 0.73, high: 0.77, chance: 0.2 },
              top5: { value: 0.97, low: 0.96, high: 0.98, chance: 0.71 },
            },
            notes: [],
            recipe: null,
            tested: true,
          },
        ]
      : [],
    version: "0.0.0",
    writable: true,
  };

  /** Similarities falling with a made-up distance, so that every picture has its neighbours. */
  function ranked(query: Query): Neighbour[] {
    const seed = query.terms.map(formatTerm).join() + (query.space === "lite0-mid" ? "mid" : "");
    const base = [...seed].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) | 0;
    const own = soleImage(query.terms);
    return [...all]
      .filter((id) => id !== own && id % 97 !== 0)
      .map((id) => {
        const draw = chance(base, id) + chance(base, id, 2) + chance(base, id, 3) + chance(base, id, 4);
        const similarity = 0.35 + (draw - 2) * 0.22 + (chance(base, id, 5) > 0.985 ? 0.25 : 0);
        const z = (similarity - 0.33) / 0.12;
        return { id, similarity, percentile: 100 / (1 + Math.exp(-1.7 * z)), z };
      })
      .sort((a, b) => b.similarity - a.similarity);
  }

  const has = (id: number, kind: string, name: string): boolean =>
    kind === "selection"
      ? (saved.get(name)?.has(id) ?? false)
      : kind === "label"
        ? fakeImage(id).label === name
        : fakeImage(id).tags.includes(name);

  let done: History = { changed: 0, undo: null, redo: null };
  const saved = new Map<string, ReadonlySet<number>>();
  const listed = (view: View): Int32Array => all.filter((id) => matches(fakeImage(id), view, saved));
  const described = (name: string): Selection => ({
    name,
    images: saved.get(name)?.size ?? 0,
    saved: "2026-01-01T10:00:00Z",
  });

  const compared = new Map<string, Comparison>();
  const rankingOf = (asked: CompareRequest, place: number): Neighbour[] =>
    ranked({
      space: asked.space ?? null,
      terms: (asked.queries[place]?.terms ?? []).flatMap((term) => parseTerm(term) ?? []),
    });

  const title = (terms: readonly Term[]): string => terms.map(formatTerm).join(" ");

  return {
    served: true,
    held: [],
    answers: () => true,
    rooms: new Set(ROOMS.map(({ page }) => page)),
    files: ["svg", "png", "zip"],
    collection: () => wait(collection),
    facets: (view) => wait(fakeFacets(all.subarray(0, 5000), view)),
    facet: (by, view) => {
      const some = Array.from(all.subarray(0, 5000), fakeImage);
      return wait(facetOf(some, some.filter((image) => matches(image, view, saved)), by));
    },
    shapes: () => {
      const found = new Float32Array(images + 1);
      for (let id = 1; id <= images; id += 1) {
        const { width, height } = fakeImage(id);
        found[id] = height ? width / height : 0;
      }
      return wait(found);
    },
    history: () => wait(done),
    edit: (chosen, change) => {
      const changed = "ids" in chosen ? chosen.ids.length : listed(chosen.view).length;
      const title = change.kind === "tag" ? `Tagged ${change.tags.join(", ")}` : "Changed";
      done = { changed, undo: { id: 1, at: "2026-01-01T10:00:00Z", title, images: changed }, redo: null };
      return wait(done);
    },
    undo: () => {
      done = { changed: done.undo?.images ?? 0, undo: null, redo: done.undo };
      return wait(done);
    },
    redo: () => {
      done = { changed: done.redo?.images ?? 0, undo: done.redo, redo: null };
      return wait(done);
    },
    order: (view) => {
      const kept = listed(view);
      return wait(view.descending ? kept.reverse() : kept);
    },
    cards: (ids) => wait(ids.filter((id) => id >= 1 && id <= images).map(fakeImage)),
    selections: () => wait([...saved.keys()].sort().map(described)),
    saveSelection: (name, chosen) => {
      saved.set(name, new Set("ids" in chosen ? Array.from(chosen.ids) : listed(chosen.view)));
      return wait(described(name));
    },
    renameSelection: (name, next) => {
      saved.set(next, saved.get(name) ?? new Set());
      saved.delete(name);
      return wait(undefined);
    },
    removeSelection: (name) => {
      saved.delete(name);
      return wait(undefined);
    },
    neighbours: (query, offset, k) => {
      const neighbours = ranked(query);
      return wait({
        space: "lite0",
        title: title(query.terms),
        total: neighbours.length,
        exact: true,
        recall: 1,
        background: BACKGROUND,
        neighbours: neighbours.slice(offset, offset + k),
      });
    },
    ranking: (query) => wait(Int32Array.from(ranked(query).map(({ id }) => id))),
    marks: (query, ids) =>
      wait({
        k: 10,
        hub_from: 30,
        source: "all" as const,
        sentence: "Counted: all images asked.",
        marks: ids.map((id) => {
          const back = 1 + Math.floor(chance(id, 11) * 40);
          const often = Math.floor(chance(id, 12) ** 6 * 90);
          return {
            id,
            back: soleImage(query.terms) === null ? null : back,
            mutual: soleImage(query.terms) === null ? null : back <= 10,
            occurrence: { value: often, low: often, high: often, chance: 10 },
            hub: often >= 30,
          };
        }),
      }),
    sideBySide: (terms, spaces, k) =>
      wait(
        fakeSideBySide(
          title(terms),
          spaces.map((space) => [space, ranked({ space, terms })] as const),
          k,
        ),
      ),
    distribution: (query, bins) =>
      wait({ space: "lite0", title: title(query.terms), ...fakeDistribution(ranked(query), bins) }),
    inside: (query, of, bins) =>
      wait(fakeContrast(ranked(query), of.value, (id) => has(id, of.kind, of.value), bins)),
    groups: (query, by, bins) =>
      wait({
        by,
        edges: edgesOf(bins),
        mean: 0.35,
        left_out: 0,
        groups: fakeGroups(
          ranked(query),
          by === "label" ? LABELS : WORDS,
          (id, name) => has(id, by, name),
          bins,
        ),
      }),
    between: (query, low, high) =>
      wait(
        Int32Array.from(
          ranked(query)
            .filter(({ similarity }) => similarity >= low && similarity <= high)
            .map(({ id }) => id),
        ),
      ),
    compare: (asked) => wait(fakeCompared(asked, asked.queries.map((_, place) => rankingOf(asked, place)))),
    scatter: (asked, [first, second]) =>
      wait(fakeScatter(rankingOf(asked, first), rankingOf(asked, second))),
    within: (asked, [first, second], region) =>
      wait(fakeWithin(rankingOf(asked, first), rankingOf(asked, second), region, asked.k ?? 100)),
    changes: (asked, [first, second], count) =>
      wait(fakeChanges(rankingOf(asked, first), rankingOf(asked, second), count)),
    comparisonFile: (_asked, _pair, kind) => wait(new Blob([kind])),
    comparisons: () => wait([...compared.values()]),
    comparison: (name) => {
      const found = compared.get(name);
      return found
        ? wait(found)
        : Promise.reject(new SourceError("not_found", `No comparison '${name}'.`, 404));
    },
    saveComparison: (name, asked) => {
      const queries = asked.queries.map(({ title = "", terms, slot }, place) => ({
        title,
        terms,
        slot: slot ?? place,
      }));
      const now = "2026-01-01T10:00:00Z";
      compared.set(name, { name, space: "lite0", queries, k: asked.k ?? 100, saved: now });
      return wait({ name, space: "lite0", queries, k: asked.k ?? 100, saved: now });
    },
    renameComparison: (name, next) => {
      const found = compared.get(name);
      if (found) compared.set(next, { ...found, name: next });
      compared.delete(name);
      return wait(undefined);
    },
    removeComparison: (name) => {
      compared.delete(name);
      return wait(undefined);
    },
    review: () => wait(null),
    leave: () => wait(undefined),
    retrieval: (x) => wait(fakeRetrieval(x, collection.spaces)),
    overview: (by) => wait(fakeOverview(by, by === "label" ? LABELS : WORDS, collection.spaces)),
    upload: () => wait({ id: "ab12", width: 640, height: 480, thumbnail: "uploads/ab12" }),
    predict: (model, term) => {
      if (model !== "label")
        return Promise.reject(new SourceError("not-found", `There is no model ${model}.`, 404));
      const shares = LABELS.map((label, i) => ({ label, weight: chance(i, term.value.length) ** 4 }));
      const sum = shares.reduce((total, { weight }) => total + weight, 0);
      return wait({
        predictions: shares
          .map(({ label, weight }) => ({ label, probability: weight / sum }))
          .sort((a, b) => b.probability - a.probability)
          .slice(0, 5),
        number: null,
        neighbours: ranked({ space: null, terms: [term] })
          .slice(0, 10)
          .map(({ id, similarity }) => ({ id, similarity, label: fakeImage(id).label })),
      });
    },
    learning: () => wait(fakeLearning()),
    outlook: (_, options) => wait(fakeOutlook(options)),
    elsewhere: () => wait([]),
    model: (name) => {
      const found = collection.models.find((model) => model.name === name);
      return found
        ? wait(fakeModel(found))
        : Promise.reject(new SourceError("not_found", `No model '${name}'.`, 404));
    },
    closer: () => wait(Int32Array.of(1, 2, 3)),
    compareModels: (names) =>
      wait(fakeModelsCompared(collection.models.filter(({ name }) => names.includes(name)))),
    renameModel: (name, next) => {
      collection.models = collection.models.map((model) =>
        model.name === name ? { ...model, name: next } : model,
      );
      return wait(undefined);
    },
    removeModel: (name) => {
      collection.models = collection.models.filter((model) => model.name !== name);
      return wait(undefined);
    },
    jobs: () => wait([job]),
    curves: () =>
      wait({
        unit: "epoch",
        measure: "top-1",
        per_label: "recall",
        labels: [...LABELS],
        total: 8,
        best: 3,
        epochs: [0, 1, 2, 3].map((epoch) => ({
          epoch,
          rate: epoch ? 1 - epoch / 8 : 0,
          loss: epoch ? 2 / (epoch + 1) : null,
          value: 0.4 + epoch / 10,
          validation_loss: 2 / (epoch + 1.5),
          labels: LABELS.map((_, i) => Math.min(1, 0.3 + (epoch * (i + 1)) / 12)),
        })),
      }),
    formats: () =>
      wait([
        { name: "csv", title: "CSV, one row an image", files: ["none", "copy"], vectors: "never", maps: false, metadata: false },
        { name: "app", title: "A site to look at without Python", files: ["none"], vectors: "possible", maps: true, metadata: false },
      ]),
    export: () => wait(job),
    start: () => wait(job),
    again: () => wait(job),
    cancel: () => wait({ ...job, state: "cancelled" as const }),
    report: () => wait(undefined),
    watch: (listener) => {
      listener.connection("live");
      listener.jobs(images ? [job] : []);
      return () => {};
    },
    preparing: fakePreparing(),
    maps: fakeMaps(images, wait),
    address: {
      thumbnail: (image) => drawing(image.id),
      picture: (image) => drawing(image.id),
      original: (id) => drawing(id),
      upload: () => drawing(0),
      report: () => "about:blank",
      elsewhere: () => "about:blank",
      learnability: () => "about:blank",
      made: () => "about:blank",
    },
  };
}

function fakeFacets(ids: Int32Array, view: View): Facets {
  const images = Array.from(ids, fakeImage).filter((image) => matches(image, view));
  const tally = (names: (image: Image) => readonly string[]): { name: string; count: number }[] => {
    const counts = new Map<string, number>();
    for (const image of images)
      for (const name of names(image)) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count);
  };
  return {
    total: images.length,
    unlabelled: images.filter((image) => image.label === null).length,
    labels: tally((image) => (image.label === null ? [] : [image.label])),
    tags: tally((image) => image.tags),
    splits: tally((image) => (image.split === null ? [] : [image.split])),
    flags: tally((image) => image.flags.map((flag) => flag.kind)),
    properties: [
      { name: "year", type: "int" },
      { name: "medium", type: "str" },
    ],
  };
}
