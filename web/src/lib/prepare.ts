/** What the Prepare page holds before it is carried out: decisions about tags, classes, parts. */

import type { ClassAuditLine, Named, Suggestion, TagDecision } from "../api/types";

export const PARTS = [
  { part: "tags", title: "Tags" },
  { part: "classes", title: "Names to labels" },
  { part: "split", title: "Split" },
] as const;
export type Part = (typeof PARTS)[number]["part"];

export function partFrom(params: URLSearchParams): Part {
  return PARTS.find(({ part }) => part === params.get("part"))?.part ?? "tags";
}

/** What a decision is about, however it was decided. */
export function keyOf({ decide, of, into = "" }: Pick<TagDecision, "decide" | "of" | "into">): string {
  return `${decide}\n${of}\n${into}`;
}

/** Decisions with one more; a later word about the same replaces an earlier one. */
export function withDecision(held: readonly TagDecision[], one: TagDecision): TagDecision[] {
  return [...without(held, one), one];
}

export function without(held: readonly TagDecision[], one: TagDecision): TagDecision[] {
  return held.filter((each) => keyOf(each) !== keyOf(one));
}

/** A suggestion that a person said yes or no to. */
export function decided({ decide, of, into, why }: Suggestion, accept: boolean): TagDecision {
  return { decide, of, into, accept, step: 1, why };
}

/** The merge the other way round: the rarer tag may be the better word. */
export function turned<Merge extends Suggestion>(one: Merge): Merge {
  return {
    ...one,
    of: one.into,
    into: one.of,
    images: one.images_into,
    images_into: one.images,
    pictures: one.pictures_into,
    pictures_into: one.pictures,
  };
}

/** Rules beside the decisions about single tags. */
export interface Rules {
  readonly least: string;
  readonly only: string;
  readonly hide: boolean;
  readonly map: string;
}

export const NO_RULES: Rules = { least: "", only: "", hide: false, map: "" };

/** All that would be carried out: the decisions, then the rules. Empty: nothing is decided. */
export function askedOf(held: readonly TagDecision[], rules: Rules): { decisions: TagDecision[]; map: string } {
  const rule = (decide: TagDecision["decide"], of: string): TagDecision => ({
    decide,
    of,
    into: "",
    accept: true,
    step: Math.max(1, ...held.map(({ step = 1 }) => step)),
    why: [],
  });
  const patterns = rules.only.split(",").map((each) => each.trim()).filter(Boolean);
  const least = rules.least.trim();
  return {
    decisions: [
      ...held,
      ...patterns.map((pattern) => rule("only", pattern)),
      ...(least ? [rule("min-images", least)] : []),
      ...(rules.hide && (held.length || patterns.length || least) ? [rule("bare", "hide")] : []),
    ],
    map: rules.map,
  };
}

/** Whether anything is to be carried out. */
export function isAsked({ decisions, map }: { decisions: readonly TagDecision[]; map: string }): boolean {
  return decisions.length > 0 || map.trim() !== "";
}

/** A decision in words. */
export function inWords({ decide, of, into = "", accept }: Pick<TagDecision, "decide" | "of" | "into" | "accept">): string {
  const no = accept === false ? "not " : "";
  switch (decide) {
    case "merge":
      return `${no}${of} = ${into}`;
    case "drop":
      return accept === false ? `keep ${of}` : `drop ${of}`;
    case "only":
      return `${no}only ${of}`;
    case "min-images":
      return `${no}at least ${of} pictures`;
    case "bare":
      return `${no}${of} pictures without tags`;
  }
}

/** Read a file of decisions, one JSON object a line. */
export function readLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line)
    .map(({ line, number }) => {
      try {
        const read: unknown = JSON.parse(line);
        if (read !== null && typeof read === "object" && !Array.isArray(read))
          return read as Record<string, unknown>;
      } catch {
        // said below
      }
      throw new Error(`Line ${number} of the file is no decision: ${line.slice(0, 60)}`);
    });
}

export function writeLines(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** What a person said about the proposed classes, and about single pictures of them. */
export interface Said {
  readonly classes: ReadonlyMap<string, boolean>;
  /** Ids of pictures that do not belong to the class their names fit. */
  readonly out: ReadonlyMap<number, Named>;
}

export const NOTHING_SAID: Said = { classes: new Map(), out: new Map() };

/** The proposal with what was said, as lines of the file of decisions. */
export function auditOf(lines: readonly ClassAuditLine[], { classes, out }: Said): ClassAuditLine[] {
  const known = lines.map((line) => {
    const said = line["decide"] === "class" ? classes.get(String(line["of"])) : undefined;
    if (said === undefined) return line;
    const why = Array.isArray(line["why"]) ? (line["why"] as unknown[]) : [];
    return { ...line, accept: said, why: [...why, said ? "Kept by hand." : "Dropped by hand."] };
  });
  const pictures = [...out.values()].map(({ path, sha256 }) => ({ decide: "image", of: path, sha256, into: "" }));
  return [...known, ...pictures];
}

/** `hot dog =` or `bird crane = crane`, one a line, to what words side by side mean. */
export function readPhrases(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [words = "", ...name] = line.split("=");
    if (words.trim() && name.length) found[words.trim()] = name.join("=").trim();
  }
  return found;
}

/** A number that someone types; null while it is none. */
export function numberFrom(text: string): number | null {
  const read = text.trim() === "" ? Number.NaN : Number(text.replace(",", "."));
  return Number.isFinite(read) ? read : null;
}
