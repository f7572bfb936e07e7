/** What Browse shows: a filter and an order, with the same names in the URL and in the API. */

export interface View {
  readonly label: string | null;
  readonly unlabelled: boolean;
  readonly tags: readonly string[];
  readonly split: string | null;
  readonly flag: string | null;
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
  label: null,
  unlabelled: false,
  tags: [],
  split: null,
  flag: null,
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
    label: params.get("label"),
    unlabelled: params.get("unlabelled") === "true",
    tags: params.getAll("tag"),
    split: params.get("split"),
    flag: params.get("flag"),
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
  if (view.label !== null) params.set("label", view.label);
  if (view.unlabelled) params.set("unlabelled", "true");
  for (const tag of view.tags) params.append("tag", tag);
  if (view.split !== null) params.set("split", view.split);
  if (view.flag !== null) params.set("flag", view.flag);
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
  const { label, unlabelled, tags, split, flag, text, selection, values, ranges, answers } = view;
  return { label, unlabelled, tag: tags, split, flag, text, selection, value: values, range: ranges, answer: answers };
}

/** The same order of everything. */
export function unfiltered(view: View): View {
  const { sort, descending, terms, space } = view;
  return { ...EVERYTHING, sort, descending, terms, space };
}

/** Whether any filter is set (the order of pictures is not a filter). */
export function isFiltered(view: View): boolean {
  return (
    view.label !== null ||
    view.unlabelled ||
    view.tags.length > 0 ||
    view.split !== null ||
    view.flag !== null ||
    view.text.trim() !== "" ||
    view.selection !== null ||
    view.values.length > 0 ||
    view.ranges.length > 0 ||
    view.answers.length > 0
  );
}

/** Add a tag, or take it away when it is there. */
export function toggleTag(view: View, tag: string): View {
  const tags = view.tags.includes(tag)
    ? view.tags.filter((other) => other !== tag)
    : [...view.tags, tag];
  return { ...view, tags };
}
