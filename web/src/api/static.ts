/**
 * The DataSource of a site without a server: what Python wrote down, read with plain requests.
 *
 * Facts of images are filtered, sorted and searched here, as the catalogue would do it. Other
 * answers are those of the API, kept in files; what is in none of them, this site does not hold.
 */

import { soleImage } from "../lib/terms";
import { facetOf } from "../lib/facet";
import { countFacets, Listing } from "../lib/listing";
import type { Page } from "../lib/rooms";
import { EVERYTHING, isFiltered } from "../lib/view";
import { serverSource } from "./server";
import { SourceError, type DataSource, type Held, type Query } from "./source";
import { packed } from "./staticSprites";
import { keptCompares, type KeptHere } from "./staticCompare";
import { isHeld, keptSpreads } from "./staticSpread";
import type { Collection, Comparison, Facets, Image, Neighbour, Neighbours } from "./types";

/** What `site.json` says: the door to all the rest. */
interface Site {
  readonly collection: Collection;
  readonly properties: Readonly<Record<string, Facets["properties"][number]["type"]>>;
  readonly rooms: readonly Page[];
  readonly comparisons: readonly KeptHere[];
  readonly distributions: readonly Held[];
  /** Images whose facts, or neighbours, lie in one file. */
  readonly chunk: number;
  readonly per_folder: number;
  readonly near: Readonly<Record<string, Near>>;
  /** Files that hold answers of the API, by their address below `api/`. */
  readonly answers: Readonly<Record<string, string>>;
}

interface Near {
  readonly k: number;
  readonly total: number;
  readonly exact: boolean;
  readonly recall: number;
  readonly background: Neighbours["background"];
}

const NEAR_BYTES = 16;

type Fetch = typeof fetch;

/** Open the site whose data lies at an address relative to the page, "data/". */
export async function staticSource(
  base: string,
  ask: Fetch = (input, init) => fetch(input, init),
): Promise<DataSource> {
  async function read(file: string): Promise<Response> {
    let response: Response;
    try {
      response = await ask(base + file);
    } catch {
      throw new SourceError("away", "The site does not answer. Is the network there?", 0);
    }
    if (!response.ok)
      throw new SourceError("not_found", `This site lacks its file ${file}.`, response.status);
    return response;
  }

  const site = (await (await read("site.json")).json()) as Site;
  const ids = new Int32Array(await (await read("ids.i32")).arrayBuffer());
  const places = new Map(Array.from(ids, (id, place) => [id, place]));
  const chunks = new Map<number, Promise<readonly Image[]>>();
  let listing: Promise<Listing> | null = null;

  function cardsOf(chunk: number): Promise<readonly Image[]> {
    const known = chunks.get(chunk);
    if (known) return known;
    const coming = read(`cards/${chunk}.json`).then((body) => body.json() as Promise<Image[]>);
    chunks.set(chunk, coming);
    coming.catch(() => chunks.delete(chunk));
    return coming;
  }

  async function everything(): Promise<Listing> {
    const parts: (readonly Image[])[] = [];
    for (let chunk = 0; chunk * site.chunk < ids.length; chunk++) parts.push(await cardsOf(chunk));
    return new Listing(parts.flat());
  }

  /** The facts of all images: fetched when a filter or an order first needs them. */
  function all(): Promise<Listing> {
    listing ??= everything();
    listing.catch(() => (listing = null));
    return listing;
  }

  async function near(query: Query, offset: number, k: number): Promise<Neighbour[]> {
    const [space, image, place] = asked(query);
    const held = site.near[space];
    if (held === undefined) throw absent("vectors of that space");
    const chunk = Math.floor(place / site.chunk);
    const body = await (await read(`near/${space}/${chunk}.bin`)).arrayBuffer();
    const view = new DataView(body, (place % site.chunk) * held.k * NEAR_BYTES);
    const found: Neighbour[] = [];
    for (let i = offset; i < Math.min(offset + k, held.k); i++) {
      const id = view.getInt32(i * NEAR_BYTES, true);
      if (id < 0 || id === image) continue;
      const number = (which: number): number => view.getFloat32(i * NEAR_BYTES + 4 * which, true);
      found.push({ id, similarity: number(1), percentile: number(2), z: number(3) });
    }
    return found;
  }

  /** The space and the one image that a query asks about, and its place among all. */
  function asked(query: Query): [space: string, image: number, place: number] {
    const space = query.space ?? site.collection.default_space ?? "";
    const image = soleImage(query.terms);
    const place = image === null ? undefined : places.get(image);
    if (image === null || place === undefined)
      throw absent("answers to other queries than one of its own pictures");
    return [space, image, place];
  }

  /** What the API would answer, if it was written down. */
  function kept(input: string): Promise<Response> {
    const file = site.answers[plain(input)];
    return file === undefined ? Promise.reject(absent("that")) : read(file);
  }

  const refused = (): Promise<never> =>
    Promise.reject(absent("a server: it can be looked at, not changed"));

  const written = serverSource((input, init) => (init?.method ? refused() : kept(String(input))));
  return {
    ...written,
    served: false,
    held: site.distributions,
    answers: (page, terms) => {
      if (page === "distribution") return isHeld(site.distributions, terms);
      return page !== "neighbours" || places.has(soleImage(terms) ?? -1);
    },
    rooms: new Set(site.rooms),
    files: ["svg", "json"],
    collection: () => Promise.resolve(site.collection),
    selections: () => Promise.resolve([]),
    facets: async (view) => countFacets((await all()).matching(view), site.properties),
    facet: async (by, view) => {
      const listed = await all();
      return facetOf(listed.matching(EVERYTHING), listed.matching(view), by);
    },
    ...keptCompares(site.comparisons, kept),
    ...keptSpreads(site.distributions, site.collection.default_space, ids, kept),
    comparisons: async () => (site.comparisons.length ? ((await kept("comparisons")).json() as Promise<Comparison[]>) : []),
    history: () => Promise.resolve({ changed: 0, undo: null, redo: null }),
    order: async (view) => {
      if (!isFiltered(view) && view.sort === EVERYTHING.sort)
        return view.descending ? ids.slice().reverse() : ids;
      return (await all()).order(view);
    },
    cards: async (wanted) => {
      const there = wanted.filter((id) => places.has(id));
      const found = new Map<number, Image>();
      for (const chunk of new Set(there.map((id) => Math.floor((places.get(id) ?? 0) / site.chunk))))
        for (const image of await cardsOf(chunk)) found.set(image.id, image);
      return there.flatMap((id) => found.get(id) ?? []);
    },
    neighbours: async (query, offset, k) => {
      const [space, image, place] = asked(query);
      const [found, cards] = await Promise.all([
        near(query, offset, k),
        cardsOf(Math.floor(place / site.chunk)),
      ]);
      const held = site.near[space];
      return {
        space,
        title: cards.find((card) => card.id === image)?.name ?? "",
        total: held?.total ?? 0,
        exact: held?.exact ?? true,
        recall: held?.recall ?? 1,
        background: held?.background ?? { mean: 0, std: 0, of: "" },
        neighbours: found,
      };
    },
    maps: {
      ...written.maps,
      chosen: (side, ids) => packed(ids, side, async (id) => (await read(thumbnailOf(id))).blob()),
    },
    jobs: () => Promise.resolve([]),
    report: () => Promise.resolve(),
    watch: (listener) => {
      listener.connection("live");
      return () => {};
    },
    address: {
      thumbnail: (image) => thumbnail(image),
      picture: (image) => thumbnail(image),
      original: refusedAddress,
      upload: refusedAddress,
      report: refusedAddress,
      elsewhere: refusedAddress,
      learnability: refusedAddress,
      made: refusedAddress,
    },
  };

  function thumbnail(image: Image): string {
    return `${base}${thumbnailOf(image.id)}?v=${image.version}`;
  }

  function thumbnailOf(id: number): string {
    return `thumbnails/${Math.floor(id / site.per_folder)}/${id}.jpg`;
  }
}

/** An address as `site.json` has it: below `api/`, with nothing escaped. */
function plain(address: string): string {
  const [path = "", query] = address.replace(/^api\//, "").split("?");
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`);
  return [path.split("/").map(decodeURIComponent).join("/"), ...(pairs.length ? [pairs.join("&")] : [])].join("?");
}

function absent(what: string): SourceError {
  return new SourceError("absent", `This site does not hold ${what}.`, 404);
}

/** Nothing leads here: pages of a site show no such links. */
function refusedAddress(): string {
  return "#/";
}
