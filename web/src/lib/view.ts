/** What Browse shows: a filter and an order, with the same names in the URL and in the API. */

export interface View {
  /** Any of them will do; with `unlabelled`, none too. */
  readonly labels: readonly string[];
  readonly unlabelled: boolean;
  /** All of them, or any one with `anyTag`. */
  readonly tags: readonly string[];
  readonly anyTag: boolean;
  /** Any of them. */
  readonly splits: readonly string[];
  /** Any of them. */
  readonly flags: readonly string[];
  readonly text: string;
  readonly selection: string | null;
  /** Properties and what they must be, as `conditions.ts` writes them. */
  readonly values: readonly string[];
  /** Numbers and their limits, likewise. */
  readonly ranges: readonly string[];
  /** Models and what they must have answered: `MODEL=ANSWER`. */
  readonly answers: readonly string[];
  readonly sort: string;
  readonly descending: boolean;
  /** What pictures are to be like, in the order by similarity. */
  readonly terms: readonly string[];
  /** The space that orders by similarity, typicality or outlyingness; null: the default one. */
  readonly space: string | null;
}

export const EVERYTHING: View = {
  labels: [],
  unlabelled: false,
  tags: [],
  anyTag: false,
  splits: [],
  flags: [],
  text: "",
  selection: null,
  values: [],
  ranges: [],
  answers: [],
  sort: "added",
  descending: false,
  terms: [],
  space: null,
};

/** Sort keys every collection has; its own properties come as `property:NAME`. */
export const SORTS: readonly (readonly [key: string, title: string])[] = [
  ["added", "Order added"],
  ["name", "Folder and name"],
  ["label", "Label"],
  ["size", "File size"],
  ["width", "Width"],
  ["height", "Height"],
  ["aspect", "Width over height"],
  ["pixels", "Pixels"],
];

/** Orders by what a space says of the pictures; each falls at first. */
export const SCORES: readonly (readonly [key: string, title: string])[] = [
  ["similarity", "Similarity"],
  ["typicality", "Typical first"],
  ["outlyingness", "Outliers first"],
];

export function isScore(sort: string): boolean {
  return SCORES.some(([key]) => key === sort);
}

export function viewFrom(params: URLSearchParams): View {
  return {
    labels: params.getAll("label"),
    unlabelled: params.get("unlabelled") === "true",
    tags: params.getAll("tag"),
    anyTag: params.get("any_tag") === "true",
    splits: params.getAll("split"),
    flags: params.getAll("flag"),
    text: params.get("text") ?? "",
    selection: params.get("selection"),
    values: params.getAll("value"),
    ranges: params.getAll("range"),
    answers: params.getAll("answer"),
    sort: params.get("sort") ?? EVERYTHING.sort,
    descending: params.get("descending") === "true",
    terms: params.getAll("term"),
    space: params.get("space"),
  };
}

/** Write only what differs from everything, so that the plain view has a plain address. */
export function viewParams(view: View): URLSearchParams {
  const params = new URLSearchParams();
  for (const label of view.labels) params.append("label", label);
  if (view.unlabelled) params.set("unlabelled", "true");
  for (const tag of view.tags) params.append("tag", tag);
  if (view.anyTag && view.tags.length > 1) params.set("any_tag", "true");
  for (const split of view.splits) params.append("split", split);
  for (const flag of view.flags) params.append("flag", flag);
  if (view.text.trim()) params.set("text", view.text);
  if (view.selection !== null) params.set("selection", view.selection);
  for (const value of view.values) params.append("value", value);
  for (const range of view.ranges) params.append("range", range);
  for (const answer of view.answers) params.append("answer", answer);
  if (view.sort !== EVERYTHING.sort) params.set("sort", view.sort);
  if (view.descending) params.set("descending", "true");
  if (isScore(view.sort)) {
    for (const term of view.terms) params.append("term", term);
    if (view.space !== null) params.set("space", view.space);
  }
  return params;
}

/** The filter of a view as the body of a request: the API's names, without the order. */
export function filterOf(view: View): Record<string, unknown> {
  const { labels, unlabelled, tags, anyTag, splits, flags, text, selection, values, ranges, answers } = view;
  return {
    ...{ label: labels, unlabelled, tag: tags, any_tag: anyTag, split: splits, flag: flags },
    ...{ text, selection, value: values, range: ranges, answer: answers },
  };
}

/** The same order of everything. */
export function unfiltered(view: View): View {
  const { sort, descending, terms, space } = view;
  return { ...EVERYTHING, sort, descending, terms, space };
}

/** Whether any filter is set (the order of pictures is not a filter). */
export function isFiltered(view: View): boolean {
  return (
    view.labels.length > 0 ||
    view.unlabelled ||
    view.tags.length > 0 ||
    view.splits.length > 0 ||
    view.flags.length > 0 ||
    view.text.trim() !== "" ||
    view.selection !== null ||
    view.values.length > 0 ||
    view.ranges.length > 0 ||
    view.answers.length > 0
  );
}

/** Add a name, or take it away when it is there. */
export function toggled(names: readonly string[], name: string): string[] {
  return names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
}
