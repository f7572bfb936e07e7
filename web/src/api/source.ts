/** Where the app's data comes from: the server in use, a fake one in tests and development. */

import type { Box, Corner } from "../lib/comparison";
import type { X } from "../lib/retrieval";
import type { Page } from "../lib/rooms";
import type { Term } from "../lib/terms";
import type { View } from "../lib/view";
import type { Listener } from "./live";
import type { MapSource } from "./maps";
import type { PreparingSource } from "./preparing";
import type {
  Change,
  Collection,
  CompareRequest,
  Compared,
  Comparison,
  ComparisonFile,
  Contrast,
  Curves,
  Distribution,
  Elsewhere,
  ExportFormat,
  ExportOptions,
  Facets,
  Groups,
  History,
  Image,
  Job,
  JobRequest,
  Learning,
  Marks,
  ModelDetail,
  ModelsCompared,
  Neighbours,
  Outlook,
  Overview,
  Prediction,
  PropertyFacet,
  RankChanges,
  Retrieval,
  Review,
  Scatter,
  Selection,
  SideBySide,
  Suspicion,
  Task,
  Upload,
} from "./types";

/** A query in a space; null is the collection's default space. */
export interface Query {
  readonly space: string | null;
  readonly terms: readonly Term[];
}

/** A set of images: those of a list, or all that a view shows. */
export type Images = { readonly ids: ArrayLike<number> } | { readonly view: View };

/** Two queries of a comparison, by their places. */
export type Pair = readonly [first: number, second: number];

/** A query whose distribution was written down. */
export interface Held {
  readonly space: string;
  readonly terms: readonly string[];
  readonly title: string;
}

export interface DataSource {
  /** Whether a server answers: it takes pictures and queries of every kind, works, keeps edits. */
  readonly served: boolean;
  /** Queries whose distributions a site holds; a server answers any, and names none. */
  readonly held: readonly Held[];
  /** Whether a page has an answer to a query. */
  answers(page: Page, terms: readonly Term[]): boolean;
  /** The rooms that can be shown; the others are left out. */
  readonly rooms: ReadonlySet<Page>;
  /** As what a comparison can be saved. */
  readonly files: readonly ComparisonFile[];
  collection(): Promise<Collection>;
  /** What one can filter by, counted among the images of a view. */
  facets(view: View): Promise<Facets>;
  /** How the images of a view divide by a property or number. */
  facet(by: string, view: View): Promise<PropertyFacet>;
  /** Ids of all images of a view, in its order. */
  order(view: View): Promise<Int32Array>;
  /** Facts of up to 500 images; unknown ids are left out. */
  cards(ids: readonly number[]): Promise<Image[]>;
  /** Width over height of all images, each at the place of its id; 0 where it is not known. */
  shapes(): Promise<Float32Array>;
  /** What can be undone and done again. */
  history(): Promise<History>;
  /** Change images, all of them or none. */
  edit(images: Images, change: Change): Promise<History>;
  undo(): Promise<History>;
  redo(): Promise<History>;
  selections(): Promise<Selection[]>;
  /** Keep images under a name, instead of those that had it. */
  saveSelection(name: string, images: Images): Promise<Selection>;
  renameSelection(name: string, next: string): Promise<void>;
  removeSelection(name: string): Promise<void>;
  /** `exact` compares with all; otherwise a large collection may ask its index, and says so. */
  neighbours(query: Query, offset: number, k: number, exact?: boolean): Promise<Neighbours>;
  /** Ids of all pictures that were compared, most similar first. */
  ranking(query: Query): Promise<Int32Array>;
  /** Which of some pictures are mutual neighbours of the query, and which are hubs. */
  marks(query: Query, ids: readonly number[]): Promise<Marks>;
  /** The same terms in several spaces. */
  sideBySide(terms: readonly Term[], spaces: readonly string[], k: number): Promise<SideBySide>;
  distribution(query: Query, bins: number): Promise<Distribution>;
  /** Similarities inside a label, tag or selection, and outside of it. */
  inside(query: Query, of: Term, bins: number): Promise<Contrast>;
  /** Similarities to every label or tag. */
  groups(query: Query, by: "label" | "tag", bins: number): Promise<Groups>;
  /** Ids with a similarity from low to high, most similar first. */
  between(query: Query, low: number, high: number): Promise<Int32Array>;
  compare(asked: CompareRequest): Promise<Compared>;
  /** All images by their similarities to two queries, named by their places. */
  scatter(asked: CompareRequest, pair: Pair): Promise<Scatter>;
  /** Ids in a box or corner of the scatter, furthest out first. */
  within(asked: CompareRequest, pair: Pair, region: Corner | Box): Promise<Int32Array>;
  changes(asked: CompareRequest, pair: Pair, count: number): Promise<RankChanges>;
  /** A comparison as a figure or as data, to be saved. */
  comparisonFile(asked: CompareRequest, pair: Pair, kind: ComparisonFile, title: string): Promise<Blob>;
  comparisons(): Promise<Comparison[]>;
  comparison(name: string): Promise<Comparison>;
  /** Keep a comparison under a name, instead of the one that had it. */
  saveComparison(name: string, asked: CompareRequest): Promise<Comparison>;
  renameComparison(name: string, next: string): Promise<void>;
  removeComparison(name: string): Promise<void>;
  /** Whether each space retrieves X; what takes long is missing, unless it is waited for. */
  retrieval(x: X, wait: boolean): Promise<Retrieval>;
  /** All labels or tags by all spaces, as a job last measured them. */
  overview(by: "label" | "tag"): Promise<Overview | null>;
  /** The formats in which a job can export. */
  formats(): Promise<ExportFormat[]>;
  /** Start a job that writes images to a file. */
  export(images: Images, options: ExportOptions): Promise<Job>;
  /** Tags that are probably missing or wrong and wait for an answer; null before a job looked. */
  review(): Promise<Review | null>;
  /** Leave a suspected tag as it is, so that it is not asked again; or forget that. */
  leave(one: Suspicion, left: boolean): Promise<void>;
  upload(file: Blob): Promise<Upload>;
  predict(model: string, term: Term): Promise<Prediction>;
  /** What a kind of work can be about and everything that can be chosen, for a form. */
  learning(task: Task): Promise<Learning>;
  /** What would be done with some options, or what is in the way. */
  outlook(task: Task, options: Record<string, unknown>): Promise<Outlook>;
  model(name: string): Promise<ModelDetail>;
  /** How a model did on other collections, as far as it was judged there. */
  elsewhere(name: string): Promise<Elsewhere[]>;
  /** Models side by side on the pictures that all of them were tested on. */
  compareModels(names: readonly string[]): Promise<ModelsCompared>;
  /** Ids of the pictures to which one of two models of a number is closer, the widest apart first. */
  closer(names: readonly string[], closer: string, other: string): Promise<Int32Array>;
  renameModel(name: string, next: string): Promise<void>;
  removeModel(name: string): Promise<void>;
  jobs(): Promise<Job[]>;
  /** How a network is tuned or was: of a job (`epochs` says when there is more), or of a model. */
  curves(of: { job: string } | { model: string }): Promise<Curves>;
  start(job: JobRequest): Promise<Job>;
  /** Start a job that failed or was stopped once more, as it was asked for. */
  again(id: string): Promise<Job>;
  cancel(id: string): Promise<Job>;
  /** Tell the notebook that shows this page what is chosen, and where in the app one is. */
  report(chosen: Images, view: string, version: number): Promise<void>;
  /** Follow jobs and counts; returns how to stop. */
  watch(listener: Listener): () => void;

  readonly maps: MapSource;
  readonly preparing: PreparingSource;

  /** Addresses for the browser to load by itself. */
  readonly address: {
    thumbnail(image: Image): string;
    picture(image: Image, side: number): string;
    original(id: number): string;
    upload(id: string): string;
    report(model: string): string;
    /** The report on how a model did on another collection. */
    elsewhere(model: string, key: string): string;
    /** The report on which tags can be learned. */
    learnability(): string;
    /** The file that an export job made. */
    made(job: string): string;
  };
}

/** What went wrong, in the server's words. */
export class SourceError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = "SourceError";
  }
}

/** One sentence for a person, whatever was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
