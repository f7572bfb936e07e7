/** What all pages share: the source, the collection as it stands, jobs, cards, messages. */

import { SvelteMap } from "svelte/reactivity";

import type { Connection } from "../api/live";
import { sentence, SourceError, type DataSource, type Images } from "../api/source";
import type {
  Collection,
  Counts,
  ExportOptions,
  Facets,
  Image,
  Job,
  JobRequest,
  Selection,
  Shown,
} from "../api/types";
import { Broken } from "../lib/broken";
import { Cards } from "../lib/cards";
import { isActive } from "../lib/jobs";
import { EVERYTHING } from "../lib/view";

export interface Message {
  readonly id: number;
  readonly text: string;
  /** What one can do about it. */
  readonly offer?: { readonly title: string; readonly run: () => void };
}

const NOTHING: Images = { ids: [] };
const REFRESH_AT_MOST_EVERY = 1500;
/** Milliseconds that the first pictures may take before other things are asked for. */
const FIRST_PICTURES = 300;

export class Studio {
  collection = $state.raw<Collection | null>(null);
  facets = $state.raw<Facets | null>(null);
  selections = $state.raw<readonly Selection[]>([]);
  jobs = $state.raw<readonly Job[]>([]);
  connection = $state<Connection>("live");
  /** Why there is no collection to show. */
  problem = $state.raw<SourceError | Error | null>(null);
  /** Grows when the pictures may have changed: pages then ask again. */
  revision = $state(0);
  /** Grows when vectors or models may have changed. */
  vectors = $state(0);
  messages = $state.raw<readonly Message[]>([]);
  /** The chosen pictures: pages where one chooses several write it, a notebook reads and sets it. */
  chosen = $state.raw<Images>(NOTHING);
  /** What the notebook that shows this page wants to be shown; null while none listens. */
  session = $state.raw<Shown | null>(null);
  drawer = $state(false);
  cheats = $state(false);

  readonly cards: Cards;
  #told: (() => void) | undefined;
  /** Kept when labels and tags are counted, hence their names known; pictures come before that. */
  readonly counted = new Promise<void>((resolve) => (this.#told = resolve));
  readonly broken = new Broken();
  #lost: (() => void)[] = [];
  #refreshing: ReturnType<typeof setTimeout> | null = null;
  #rows = "";
  #loaded = false;
  #finished = -1;
  #state = -1;
  #must = false;

  constructor(readonly source: DataSource) {
    this.cards = new Cards(
      new SvelteMap<number, Image>(),
      (ids) => source.cards(ids),
      (error) => this.complain(error),
    );
  }

  /** Labels, tags and selections as terms: what a field that asks for a name offers. */
  readonly names = $derived([
    ...(this.facets?.labels ?? []).slice(0, 300).map(({ name }) => `label:${name}`),
    ...(this.facets?.tags ?? []).slice(0, 500).map(({ name }) => `tag:${name}`),
    ...this.selections.map(({ name }) => `selection:${name}`),
  ]);

  get busy(): boolean {
    return this.jobs.some(isActive);
  }

  /** Load everything and follow what happens; returns how to stop. */
  start(): () => void {
    void this.refresh();
    return this.source.watch({
      jobs: (jobs) => this.#onJobs(jobs),
      counts: (counts) => this.#onCounts(counts),
      connection: (state) => {
        const returned = this.connection === "away" && state !== "away";
        this.connection = state;
        if (!returned) return;
        this.cards.renew();
        this.#soon(true);
        this.broken.again();
        for (const go of this.#lost.splice(0)) go();
      },
      session: (shown) => {
        this.session = shown;
        this.chosen = { ids: shown.selected };
      },
    });
  }

  async refresh(): Promise<void> {
    try {
      const [collection, selections] = await Promise.all([
        this.source.collection(),
        this.source.selections(),
      ]);
      this.collection = collection;
      this.selections = selections;
      this.problem = null;
      const rows = JSON.stringify([collection.spaces, collection.models, collection.default_space]);
      if (rows !== this.#rows) this.vectors += 1;
      this.#rows = rows;
      // Counts of a million images take long: the first pictures come before them. Pages ask for
      // those while the collection is on its way, so that they need not ask again.
      if (this.#loaded) this.revision += 1;
      else await Promise.race([this.cards.first, pause(FIRST_PICTURES)]);
      this.#loaded = true;
      this.facets = await this.source.facets(EVERYTHING);
      this.#told?.();
    } catch (error) {
      if (this.collection === null || (error instanceof SourceError && error.status === 401))
        this.problem = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Show a sentence for a while. */
  say(text: string, offer?: Message["offer"]): void {
    if (!offer && this.messages.some((message) => message.text === text)) return;
    const message: Message = { id: Date.now() + Math.random(), text, ...(offer ? { offer } : {}) };
    this.messages = [...this.messages, message].slice(-3);
    setTimeout(() => this.hush(message.id), 6000);
  }

  /** Take away the messages that offer something: another one has taken their place. */
  withdraw(): void {
    this.messages = this.messages.filter((message) => !message.offer);
  }

  hush(id: number): void {
    this.messages = this.messages.filter((message) => message.id !== id);
  }

  complain(error: unknown): void {
    if (error instanceof SourceError && error.kind === "away") return; // the banner says it
    this.say(sentence(error));
  }

  /** Look into the collection's folders again. */
  lookAgain(): Promise<void> {
    return this.run({ kind: "add", options: { sources: this.collection?.roots ?? [] } });
  }

  /** Wait until a server that is away is back; false at once when it is there. */
  async returned(): Promise<boolean> {
    if (this.connection !== "away") return false;
    await new Promise<void>((resolve) => this.#lost.push(resolve));
    return true;
  }

  /** Start a job; the drawer shows it, where the page does not. */
  run(job: JobRequest, drawer = true): Promise<void> {
    return this.#begin(() => this.source.start(job), drawer);
  }

  /** Start an export; what stands in its way is returned, for the dialog to say. */
  async export(images: Images, options: ExportOptions): Promise<string | null> {
    try {
      this.#began(await this.source.export(images, options));
      return null;
    } catch (error) {
      return sentence(error);
    }
  }

  /** Start a job once more that failed or was stopped. */
  again(id: string): Promise<void> {
    return this.#begin(() => this.source.again(id));
  }

  async #begin(start: () => Promise<Job>, drawer = true): Promise<void> {
    try {
      this.#began(await start(), drawer);
    } catch (error) {
      this.complain(error);
    }
  }

  #began(started: Job, drawer = true): void {
    this.jobs = [started, ...this.jobs.filter((other) => other.id !== started.id)];
    if (drawer) this.drawer = true;
  }

  async cancel(id: string): Promise<void> {
    try {
      const job = await this.source.cancel(id);
      this.jobs = this.jobs.map((other) => (other.id === id ? job : other));
    } catch (error) {
      this.complain(error);
    }
  }

  #onJobs(jobs: Job[]): void {
    this.jobs = jobs;
    const finished = jobs.filter((job) => !isActive(job)).length;
    if (this.#finished >= 0 && finished !== this.#finished) this.#soon(true);
    this.#finished = finished;
  }

  #onCounts(counts: Counts): void {
    const known = this.collection;
    this.#state = counts.state;
    if (counts.state !== known?.state) this.#soon();
  }

  /** Refresh shortly, however often it is asked for; `must`: also when nothing else was changed. */
  #soon(must = false): void {
    this.#must ||= must;
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null;
      // An edit of our own was followed by a look already; one elsewhere changed what is shown.
      const changed = this.collection?.state !== this.#state;
      if (changed) this.cards.renew();
      if (changed || this.#must) void this.refresh();
      this.#must = false;
    }, REFRESH_AT_MOST_EVERY);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

let current: Studio | null = null;

export function setStudio(studio: Studio): void {
  current = studio;
}

/** The studio of this page. */
export function studio(): Studio {
  if (current === null) throw new Error("The studio is set before anything is drawn.");
  return current;
}
