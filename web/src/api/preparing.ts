/** Preparing labels: tags merged and dropped, classes from names, parts; every edit one step. */

import type {
  Ahead,
  ClassAuditLine,
  Classed,
  Classes,
  Curated,
  DividedBy,
  Division,
  DivisionRequest,
  History,
  NamesRequest,
  TagDecisions,
  Vocabulary,
} from "./types";

export interface PreparingSource {
  /** The tags, compared in a space (null: the newest), and suggestions; null without any tag. */
  vocabulary(space: string | null): Promise<Vocabulary | null>;
  /** What decisions about tags would come to. */
  curated(decisions: TagDecisions): Promise<Ahead<Curated>>;
  decideTags(decisions: TagDecisions): Promise<History>;
  /** What was decided before, on the pictures that came since. */
  decideTagsAgain(): Promise<History>;
  dividedBy(): Promise<DividedBy>;
  /** What a division would come to. */
  division(asked: DivisionRequest): Promise<Ahead<Division>>;
  divide(asked: DivisionRequest): Promise<History>;
  /** Which names fit which classes. */
  classes(asked: NamesRequest): Promise<Classes>;
  /** What decisions about classes would come to. */
  classed(lines: readonly ClassAuditLine[]): Promise<Ahead<Classed>>;
  decideClasses(lines: readonly ClassAuditLine[]): Promise<History>;
  /** Where the decisions that hold are, as files. */
  readonly address: { readonly tags: string; readonly classes: string };
}

export function serverPreparing(
  request: (path: string, init?: RequestInit, question?: boolean) => Promise<Response>,
): PreparingSource {
  async function ask<T>(path: string, body?: object, question = false): Promise<T> {
    const init = body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    return (await (await request(path, init, question || undefined)).json()) as T;
  }
  return {
    vocabulary: (space) =>
      ask(`vocabulary${space === null ? "" : `?${new URLSearchParams({ space })}`}`),
    curated: (decisions) => ask("vocabulary/outlook", decisions, true),
    decideTags: (decisions) => ask("vocabulary/decisions", decisions),
    decideTagsAgain: () => ask("vocabulary/again", {}),
    dividedBy: () => ask("division"),
    division: (asked) => ask("division/outlook", asked, true),
    divide: (asked) => ask("division", asked),
    classes: (asked) => ask("classes", asked, true),
    classed: (lines) => ask("classes/outlook", { lines }, true),
    decideClasses: (lines) => ask("classes/decisions", { lines }),
    address: { tags: "api/vocabulary/decisions", classes: "api/classes/decisions" },
  };
}
