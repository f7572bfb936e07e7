/** Short names for the API's types, which are generated (`npm run types`). */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Collection = Schemas["CollectionOut"];
export type CompareRequest = Schemas["CompareIn"];
export type Compared = Schemas["CompareOut"];
export type Comparison = Schemas["ComparisonOut"];
export type ComparisonFile = NonNullable<Schemas["WrittenIn"]["kind"]>;
export type Contrast = Schemas["ContrastOut"];
export type Counts = Schemas["CountsOut"];
export type Curves = Schemas["CurvesOut"];
export type Distribution = Schemas["DistributionOut"];
export type Estimate = Schemas["EstimateOut"];
export type ExportFormat = Schemas["FormatOut"];
export type ExportOptions = Omit<Schemas["ExportOptions"], "images">;
export type Faithfulness = Schemas["FaithfulnessOut"];
export type Facets = Schemas["FacetsOut"];
export type Facet = Schemas["Count"];
export type Change = Schemas["ChangeIn"]["edit"];
export type Flag = Schemas["FlagOut"];
export type Group = Schemas["GroupOut"];
export type Groups = Schemas["GroupsOut"];
export type History = Schemas["HistoryOut"];
export type Image = Schemas["ImageOut"];
export type Job = Schemas["JobOut"];
export type JobRequest =
  | Schemas["AddJobIn"]
  | Schemas["EmbedJobIn"]
  | Schemas["GraphJobIn"]
  | Schemas["IndexJobIn"]
  | Schemas["LearnabilityJobIn"]
  | Schemas["LearnJobIn"]
  | Schemas["NoiseJobIn"]
  | Schemas["RetrievalJobIn"]
  | Schemas["MapJobIn"]
  | Schemas["SplitJobIn"]
  | Schemas["TuneJobIn"];
export type Vocabulary = Schemas["VocabularyOut"];
export type TagSeen = Schemas["TagSeenOut"];
export type Suggestion = Schemas["SuggestionOut"];
/** One decision about tags, a line of their file. */
export type TagDecision = Schemas["DecisionIn"];
export type TagDecisions = Schemas["DecisionsIn"];
export type Curated = Schemas["CuratedOut"];
/** What would come out, or what is in the way. */
export interface Ahead<Made> {
  readonly problem: string;
  readonly made: Made | null;
}
export type DividedBy = Schemas["DividedByOut"];
export type Division = Schemas["DivisionOut"];
export type DivisionRequest = Required<Schemas["DivisionIn"]>;
export type Leak = Schemas["LeakOut"];
export type NamesRequest = Required<Schemas["NamesIn"]>;
export type Classes = Schemas["ClassesOut"];
export type ClassSeen = Schemas["ClassSeenOut"];
export type Named = Schemas["NamedOut"];
export type Classed = Schemas["ClassedOut"];
/** A line of the file of decisions about classes. */
export type ClassAuditLine = Readonly<Record<string, unknown>>;
export type MapCard = Schemas["MapOut"];
export type MapOptions = Schemas["MapOptions"];
export type Learning = Schemas["LearningOut"];
export type LearnOption = Schemas["OptionOut"];
export type LearnTarget = Schemas["TargetOut"];
export type Mark = Schemas["MarkOut"];
export type Marks = Schemas["MarksOut"];
export type Model = Schemas["ModelOut"];
export type ModelsCompared = Schemas["ModelsComparedOut"];
export type ModelDetail = Schemas["ModelDetail"];
export type Neighbour = Schemas["NeighbourOut"];
export type Neighbours = Schemas["NeighboursOut"];
/** A kind of work that the Learn page starts. */
export type Task = NonNullable<Schemas["LearningIn"]["kind"]>;
/** How a model did on another collection. */
export type Elsewhere = Schemas["ElsewhereOut"];
export type Outlook = Schemas["OutlookOut"];
export type PropertyFacet = Schemas["FacetOut"];
export type Overview = Schemas["OverviewOut"];
export type Prediction = Schemas["PredictOut"];
export type RankChange = Schemas["ChangeOut"];
export type RankChanges = Schemas["ChangesOut"];
export type Retrieval = Schemas["RetrievalOut"];
export type Review = Schemas["ReviewOut"];
export type Suspicion = Schemas["SuspicionOut"];
export type RetrievalResult = Schemas["RetrievalResult"];
export type Scored = Schemas["ScoredOut"];
export type Scatter = Schemas["ScatterOut"];
export type Selection = Schemas["SelectionOut"];
export type Shown = Schemas["ShownOut"];
export type SideBySide = Schemas["SideBySideOut"];
export type Space = Schemas["SpaceOut"];
export type Upload = Schemas["UploadOut"];
export type Values = Schemas["ValuesOut"];
