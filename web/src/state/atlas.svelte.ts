/** The maps of the collection, the one that is shown, and where its pictures lie. */

import { untrack } from "svelte";

import { sentence } from "../api/source";
import type { Job, MapCard } from "../api/types";
import { isActive } from "../lib/jobs";
import { latest } from "../lib/latest";
import { aligned } from "../map/points";
import type { Land } from "../map/stage";
import { studio } from "./studio.svelte";

/** What is shown first where no map is named. */
const RANKS: readonly string[] = ["tsne", "umap", "pca"];

export class Atlas {
  maps = $state.raw<readonly MapCard[] | null>(null);
  land = $state.raw<Land | null>(null);
  /** Which map the land is that of; one of the same name may have been made anew since. */
  landOf = $state<string | null>(null);
  problem = $state<string | null>(null);

  readonly #shared = studio();
  readonly #named: () => string | null;
  readonly #jobs = $derived<readonly Job[]>(this.#shared.jobs.filter((job) => job.kind === "map"));
  readonly #over = $derived(this.#jobs.filter((job) => !isActive(job)).length);

  /** A map that is being made. */
  readonly running = $derived(this.#jobs.find(isActive));

  /** The map that is named or, when none is, the first one. */
  readonly card = $derived.by((): MapCard | null => {
    const named = this.maps?.find(({ name }) => name === this.#named());
    if (named) return named;
    const usual = this.#shared.collection?.default_space;
    const rank = ({ settings, space }: MapCard): number =>
      RANKS.indexOf(settings.method) + (space === usual ? 0 : RANKS.length);
    return [...(this.maps ?? [])].sort((a, b) => rank(a) - rank(b))[0] ?? null;
  });

  /** The same map, with the same images on it, is not loaded again. */
  readonly #key = $derived(this.card && `${this.card.name} ${this.card.created} ${this.card.images}`);

  /** Follow the maps while the calling component is there; `onland` hears of another land. */
  constructor(named: () => string | null, onland: () => void) {
    this.#named = named;
    const source = this.#shared.source.maps;
    const failed = (error: unknown): unknown => (this.problem = sentence(error));

    const listed = latest(() => source.list());
    $effect(() => {
      void [this.#shared.vectors, this.#over];
      listed().then((reply) => {
        if (reply) [this.maps, this.problem] = [reply.value, null];
      }, failed);
    });

    const loaded = latest(async (map: MapCard): Promise<Land> => {
      const [points, grid, shapes] = await Promise.all([source.points(map.name), source.grid(map.name), this.#shared.source.shapes()]);
      const placed = aligned(points.ids, grid);
      if (!placed) throw new Error("The grid of this map does not fit its points; make the map again.");
      const ratios = Float32Array.from(points.ids, (id) => shapes[id] || 1);
      return { points, grid: placed, pitch: 1 / Math.max(1, map.columns, map.rows), ratios };
    });
    $effect(() => {
      const [wanted, key] = [untrack(() => this.card), this.#key];
      if (!wanted) return;
      loaded(wanted).then((reply) => {
        if (!reply) return;
        [this.land, this.landOf, this.problem] = [reply.value, key, null];
        onland();
      }, failed);
    });
  }
}
