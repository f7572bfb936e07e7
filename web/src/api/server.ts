/** The DataSource that asks the server, by addresses relative to the page (any path prefix). */

import { ROOMS } from "../lib/rooms";
import { formatTerm } from "../lib/terms";
import { filterOf, viewParams } from "../lib/view";
import { follow, type Connection, type EventsLike } from "./live";
import { serverMaps } from "./maps";
import { patience, type Fetch } from "./patience";
import { serverPreparing } from "./preparing";
import { SourceError, type DataSource, type Images, type Pair, type Query } from "./source";
import type { Collection, Counts, Job, Upload } from "./types";

/** Pictures from outside that are kept here, in case the server forgets them. */
const KEPT = 4;

export function serverSource(ask: Fetch = (input, init) => fetch(input, init)): DataSource {
  const later = (run: () => void, milliseconds: number): (() => void) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  };
  const patient = patience(ask, later);
  const sent = new Map<string, Blob>();

  /** `question`: it changes nothing, so it may wait for a server that is away and be asked again. */
  async function request(path: string, init: RequestInit = {}, question = !init.method): Promise<Response> {
    const response = await patient.ask(`api/${path}`, init, question);
    const mentioned = [...sent].filter(([id]) => `${path} ${init.body}`.includes(id));
    if (response.status !== 404 || !mentioned.length || !question) return granted(response);
    await renew(mentioned.map(([, file]) => file));
    return granted(await patient.ask(`api/${path}`, init, question));
  }

  async function json<T>(path: string, init?: RequestInit, question?: boolean): Promise<T> {
    return (await (await request(path, init, question)).json()) as T;
  }

  async function now<T>(path: string): Promise<T> {
    return (await (await granted(await patient.once(`api/${path}`))).json()) as T;
  }

  async function ids(path: string, init?: RequestInit, question?: boolean): Promise<Int32Array> {
    const body = await (await request(path, init, question)).arrayBuffer();
    return new Int32Array(body);
  }

  const form = (file: Blob): RequestInit => {
    const body = new FormData();
    body.append("file", file);
    return { method: "POST", body };
  };

  /** A server that was started again holds no pictures from outside: send ours again. */
  async function renew(files: Iterable<Blob> = sent.values()): Promise<void> {
    await Promise.allSettled([...files].map((file) => patient.once("api/uploads", form(file))));
  }

  const send = (method: string, body: unknown): RequestInit => ({
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const post = (body: unknown): RequestInit => send("POST", body);
  const selection = (name: string): string => `selections/${encodeURIComponent(name)}`;
  const model = (name: string): string => `models/${encodeURIComponent(name)}`;
  const comparison = (name: string): string => `comparisons/${encodeURIComponent(name)}`;

  return {
    served: true,
    held: [],
    answers: () => true,
    rooms: new Set(ROOMS.map(({ page }) => page)),
    files: ["svg", "png", "zip"],
    collection: () => json("collection"),
    facets: (view) => json(`facets?${viewParams(view)}`),
    facet: (by, view) => {
      const params = viewParams(view);
      params.set("by", by);
      return json(`facet?${params}`);
    },
    shapes: async () => shapesFrom(await (await request("shapes")).arrayBuffer()),
    history: () => json("edits"),
    edit: (images, change) => json("edits", post({ images: meant(images), edit: change })),
    undo: () => json("edits/undo", { method: "POST" }),
    redo: () => json("edits/redo", { method: "POST" }),
    order: (view) => ids(`order?${viewParams(view)}`),
    cards: (wanted) => json(`cards?ids=${wanted.join(",")}`),
    selections: () => json("selections"),
    saveSelection: (name, images) => json("selections", post({ name, images: meant(images) })),
    renameSelection: async (name, next) => {
      await request(selection(name), send("PATCH", { name: next }));
    },
    removeSelection: async (name) => {
      await request(selection(name), { method: "DELETE" });
    },
    neighbours: (query, offset, k, exact) =>
      json(`neighbours?${written(query, { offset, k, ...(exact ? { exact: "true" } : {}) })}`),
    ranking: (query) => ids(`neighbours/order?${written(query)}`),
    marks: (query, wanted) => json(`neighbours/marks?${written(query, { ids: wanted.join(",") })}`),
    sideBySide: (terms, spaces, k) => {
      const params = written({ space: null, terms }, { k });
      for (const space of spaces) params.append("space", space);
      return json(`side-by-side?${params}`);
    },
    distribution: (query, bins) => json(`distribution?${written(query, { bins })}`),
    inside: (query, of, bins) =>
      json(`distribution/inside?${written(query, { of: formatTerm(of), bins })}`),
    groups: (query, by, bins) => json(`distribution/groups?${written(query, { by, bins })}`),
    between: (query, low, high) => ids(`distribution/images?${written(query, { low, high })}`),
    compare: (asked) => json("compare", post(asked), true),
    scatter: (asked, pair) => json("compare/scatter", post({ ...asked, ...placed(pair) }), true),
    within: (asked, pair, region) =>
      ids(
        "compare/images",
        post({
          ...asked,
          ...placed(pair),
          ...(typeof region === "string" ? { corner: region } : { box: region }),
        }),
        true,
      ),
    changes: (asked, pair, count) =>
      json("compare/changes", post({ ...asked, ...placed(pair), count }), true),
    comparisonFile: async (asked, pair, kind, title) =>
      (await request("compare/file", post({ ...asked, ...placed(pair), kind, title }), true)).blob(),
    comparisons: () => json("comparisons"),
    comparison: (name) => json(comparison(name)),
    saveComparison: (name, asked) => json("comparisons", post({ ...asked, name })),
    renameComparison: async (name, next) => {
      await request(comparison(name), send("PATCH", { name: next }));
    },
    removeComparison: async (name) => {
      await request(comparison(name), { method: "DELETE" });
    },
    retrieval: (x, wait) =>
      json(`retrieval?${new URLSearchParams({ [x.kind]: x.name, wait: String(wait) })}`),
    overview: (by) => json(`retrieval/overview?by=${by}`),
    formats: () => json("exports"),
    export: (images, options) =>
      json("jobs", post({ kind: "export", options: { ...options, images: meant(images) } })),
    review: () => json("review"),
    leave: async ({ id, tag, wrong }, left) => {
      await request("review/answers", post({ id, tag, wrong, right: left }));
    },
    upload: async (file) => {
      const upload = await json<Upload>("uploads", form(file));
      sent.delete(upload.id);
      sent.set(upload.id, file);
      for (const old of [...sent.keys()].slice(0, -KEPT)) sent.delete(old);
      return upload;
    },
    predict: (name, term) =>
      json(`models/${encodeURIComponent(name)}/predict`, post({ term: formatTerm(term) }), true),
    learning: (task) => json(`learning?kind=${task}`),
    outlook: (kind, options) => json("learning/outlook", post({ kind, options }), true),
    model: (name) => json(model(name)),
    elsewhere: (name) => json(`${model(name)}/elsewhere`),
    closer: (names, first, second) =>
      ids(`models-compared/images?${new URLSearchParams({ names: names.join(","), cell: "first", first, second })}`),
    compareModels: (names) => json(`models-compared?names=${encodeURIComponent(names.join(","))}`),
    renameModel: async (name, next) => {
      await request(model(name), send("PATCH", { name: next }));
    },
    removeModel: async (name) => {
      await request(model(name), { method: "DELETE" });
    },
    jobs: () => json("jobs"),
    curves: (of) =>
      json("job" in of ? `jobs/${encodeURIComponent(of.job)}/curves` : `models/${encodeURIComponent(of.model)}/curves`),
    start: (job) => json("jobs", post(job)),
    again: (id) => json(`jobs/${encodeURIComponent(id)}/again`, { method: "POST" }),
    cancel: (id) => json(`jobs/${encodeURIComponent(id)}/cancel`, { method: "POST" }),
    report: async (chosen, view, version) => {
      await request("session", send("PUT", { selected: meant(chosen), view, version }));
    },
    watch: (listener) => {
      let state: Connection = "live";
      let renewed = Promise.resolve();
      return follow(
        {
          ...listener,
          connection: (next) => {
            if (state === "away" && next !== "away") renewed = renew();
            state = next;
            if (next === "away") return listener.connection(next);
            void renewed.then(() => {
              patient.back();
              if (state === next) listener.connection(next);
            });
          },
        },
        {
          events: () => new EventSource("api/jobs/events") as unknown as EventsLike,
          poll: async () => {
            const [jobs, collection] = await Promise.all([now<Job[]>("jobs"), now<Collection>("collection")]);
            return { jobs, counts: countsOf(collection) };
          },
          later,
        },
      );
    },
    maps: serverMaps(request),
    preparing: serverPreparing(request),
    address: {
      thumbnail: (image) => `api/thumbnails/${image.id}?v=${image.version}`,
      picture: (image, side) => `api/pictures/${image.id}?side=${side}&v=${image.version}`,
      original: (id) => `api/originals/${id}`,
      upload: (id) => `api/uploads/${id}`,
      made: (job) => `api/exports/${job}`,
      report: (name) => `api/${model(name)}/report`,
      elsewhere: (name, key) => `api/${model(name)}/elsewhere/${encodeURIComponent(key)}/report`,
      learnability: () => "api/learnability/report",
    },
  };
}

/** Rows of int32 id, float32 ratio become an array by id. */
export function shapesFrom(body: ArrayBuffer): Float32Array {
  const [ids, ratios] = [new Int32Array(body), new Float32Array(body)];
  const found = new Float32Array((ids[ids.length - 2] ?? -1) + 1); // ids rise
  for (let i = 0; i < ids.length; i += 2) found[ids[i] ?? 0] = ratios[i + 1] ?? 0;
  return found;
}

/** Two queries of a comparison as the API takes them. */
function placed([first, second]: Pair): { first: number; second: number } {
  return { first, second };
}

/** A set of images as the API takes it. */
function meant(images: Images): { ids: number[] } | { filter: object } {
  return "ids" in images ? { ids: Array.from(images.ids) } : { filter: filterOf(images.view) };
}

function countsOf(collection: Collection): Counts {
  return {
    images: collection.images,
    usable: collection.usable,
    unread: collection.unread,
    rows: Object.fromEntries(collection.spaces.map((space) => [space.name, space.rows])),
    state: collection.state,
  };
}

function written(query: Query, more: Record<string, number | string> = {}): URLSearchParams {
  const params = new URLSearchParams();
  if (query.space !== null) params.set("space", query.space);
  for (const term of query.terms) params.append("term", formatTerm(term));
  for (const [name, value] of Object.entries(more)) params.set(name, String(value));
  return params;
}

async function granted(response: Response): Promise<Response> {
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Read the server's {error: {kind, message}}; a proxy in between may answer otherwise. */
async function refusal(response: Response): Promise<SourceError> {
  try {
    const { error } = (await response.json()) as { error: { kind: string; message: string } };
    return new SourceError(error.kind, error.message, response.status);
  } catch {
    return new SourceError(
      "unexpected",
      `The server answered ${response.status} ${response.statusText}`.trim() + ".",
      response.status,
    );
  }
}
