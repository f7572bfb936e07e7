/** Conditions of a filter as chips: what each says, and the view without it. */

import { parseBetween, parseValue } from "./conditions";
import { capital, property } from "./format";
import type { View } from "./view";

export interface Chip {
  /** What kind of condition it is: "Label", "Tag". */
  readonly kind: string;
  readonly text: string;
  /** The view when it is taken away. */
  readonly without: View;
}

const less = <T>(all: readonly T[], one: T): T[] => all.filter((other) => other !== one);

/** What a filter asks, condition by condition, in the order of the panel. */
export function chips(view: View): Chip[] {
  const several = (kind: string, of: "labels" | "splits" | "flags" | "tags" | "answers"): Chip[] =>
    view[of].map((text) => ({ kind, text, without: { ...view, [of]: less(view[of], text) } }));
  return [
    ...(view.text.trim() ? [{ kind: "Words", text: view.text.trim(), without: { ...view, text: "" } }] : []),
    ...several("Label", "labels"),
    ...(view.unlabelled ? [{ kind: "Label", text: "none", without: { ...view, unlabelled: false } }] : []),
    ...several("Split", "splits"),
    ...several("Flag", "flags"),
    ...several("Tag", "tags"),
    ...(view.selection === null
      ? []
      : [{ kind: "Selection", text: view.selection, without: { ...view, selection: null } }]),
    ...view.values.map((value) => {
      const one = parseValue(value);
      return {
        kind: titled(one?.name ?? ""),
        text: one?.value ?? value,
        without: { ...view, values: less(view.values, value) },
      };
    }),
    ...view.ranges.map((range) => ({ ...limits(range), without: { ...view, ranges: less(view.ranges, range) } })),
    ...several("Answer", "answers").map((chip) => ({ ...chip, text: chip.text.replace("=", ": ") })),
  ];
}

const titled = (name: string): string => capital(name.replaceAll("_", " "));

function limits(range: string): { kind: string; text: string } {
  const between = parseBetween(range);
  if (between === null) return { kind: "Range", text: range };
  const { key, low, high } = between;
  const kind = titled(key.replace(/^property:/, "").replace(/^model:/, ""));
  const [from, to] = [low, high].map((limit) => (limit === null ? "" : property(limit)));
  if (low !== null && high !== null) return { kind, text: low === high ? (from ?? "") : `${from} to ${to}` };
  if (low !== null) return { kind, text: `from ${from}` };
  return { kind, text: high === null ? "any" : `to ${to}` };
}
