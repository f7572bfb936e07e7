/** A query is a list of terms: pictures, labels, tags and so on, each wanted or unwanted. */

export type TermKind = "image" | "upload" | "label" | "tag" | "selection" | "text";

export interface Term {
  readonly kind: TermKind;
  readonly value: string;
  readonly negative: boolean;
}

const KINDS: readonly TermKind[] = ["image", "upload", "label", "tag", "selection", "text"];

/** Read `-image:15`; null for what is no term (a hand-edited address). */
export function parseTerm(text: string): Term | null {
  const match = /^(-?)([a-z]+):(.+)$/su.exec(text);
  const kind = KINDS.find((name) => name === match?.[2]);
  if (!match || kind === undefined) return null;
  const value = match[3] ?? "";
  if (kind === "image" && !/^\d+$/.test(value)) return null;
  if (kind === "text" && value.trim() === "") return null;
  return { kind, value, negative: match[1] === "-" };
}

export function formatTerm(term: Term): string {
  return `${term.negative ? "-" : ""}${term.kind}:${term.value}`;
}

/** The terms of an address, in order, without what can't be read. */
export function termsFrom(params: URLSearchParams): Term[] {
  return params.getAll("term").flatMap((text) => parseTerm(text) ?? []);
}

/** Add a term, or turn the sign of the one that is there; the same again takes it away. */
export function toggleTerm(terms: readonly Term[], term: Term): Term[] {
  const same = terms.find((other) => other.kind === term.kind && other.value === term.value);
  if (!same) return [...terms, term];
  if (same.negative === term.negative) return terms.filter((other) => other !== same);
  return terms.map((other) => (other === same ? term : other));
}

/** A query needs at least one wanted term: "unlike this" alone points nowhere. */
export function isQuery(terms: readonly Term[]): boolean {
  return terms.some((term) => !term.negative);
}

/** The one picture a query stands on, when it is just that. */
export function soleImage(terms: readonly Term[]): number | null {
  const [only] = terms;
  return terms.length === 1 && only?.kind === "image" && !only.negative
    ? Number(only.value)
    : null;
}

/**
 * The term that a person types: a known `label:NAME`, the bare name of one, or, where the space
 * understands words, anything else. A minus in front moves away from it. Null: no term.
 */
export function typedTerm(typed: string, known: readonly string[], words: boolean): Term | null {
  const text = typed.trim();
  const negative = text.startsWith("-");
  const plain = text.replace(/^-/, "").trim();
  const name = known.find((each) => each === plain || each.slice(each.indexOf(":") + 1) === plain);
  const term = parseTerm(name ?? plain);
  if (term && (name !== undefined || term.kind === "text")) return { ...term, negative };
  return words && plain ? { kind: "text", value: plain, negative } : null;
}

export function imageTerm(id: number, negative = false): Term {
  return { kind: "image", value: String(id), negative };
}

/** Whether words can be asked: by the space that is named, or by any when none is. */
export function readsWords(
  spaces: readonly { readonly name: string; readonly words: boolean }[],
  named: string | null,
): boolean {
  return spaces.some(({ name, words }) => words && (named === null || name === named));
}
