/** Keyboard shortcuts: single keys and two-key sequences (`g b`), silent while someone types. */

import { ROOMS } from "./rooms";

export interface KeyLike {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export type Bindings = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const TEXTLESS = new Set(["button", "checkbox", "radio", "range", "submit", "reset", "file", "color"]);

/** Whether the element takes the keys as text (or, for a list, as a choice). */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as Partial<HTMLElement & HTMLInputElement> | null;
  const tag = element?.tagName?.toUpperCase();
  if (tag === "TEXTAREA" || tag === "SELECT" || element?.isContentEditable) return true;
  return tag === "INPUT" && !TEXTLESS.has(element?.type ?? "text");
}

/** Whether Enter and Space already mean something to the element. */
export function isControl(target: EventTarget | null): boolean {
  const tag = (target as Partial<HTMLElement> | null)?.tagName?.toUpperCase();
  return tag === "BUTTON" || tag === "A" || tag === "INPUT" || tag === "SUMMARY";
}

/**
 * Match a key against bindings.
 *
 * Parameters: what was pressed before and is still waiting, the event, the known bindings.
 * Returns the binding to run, if any, and what waits now.
 */
export function matchKey(
  pending: string,
  event: KeyLike,
  known: (name: string) => boolean,
  prefixes: ReadonlySet<string>,
): { run: string | null; pending: string } {
  if (event.altKey) return { run: null, pending: "" };
  if (event.ctrlKey || event.metaKey) {
    // Ctrl, or Cmd on a Mac; whether Shift or Caps Lock made the letter a capital tells only Shift.
    const name = `Mod+${event.shiftKey ? "Shift+" : ""}${event.key.toLowerCase()}`;
    return { run: known(name) ? name : null, pending: "" };
  }
  const sequence = pending ? `${pending} ${event.key}` : "";
  if (sequence && known(sequence)) return { run: sequence, pending: "" };
  if (!pending && prefixes.has(event.key)) return { run: null, pending: event.key };
  return { run: !pending && known(event.key) ? event.key : null, pending: "" };
}

/** First keys of two-key sequences. */
export function prefixesOf(bindings: Bindings): Set<string> {
  return new Set(
    Object.keys(bindings)
      .filter((name) => name.length > 1 && name.includes(" "))
      .map((name) => name.split(" ")[0] ?? ""),
  );
}

/** The cheat sheet: what `?` shows, by heading. */
export const CHEATS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "Anywhere",
    [
      ...ROOMS.map(({ key, title }) => [`g ${key}`, title] as const),
      ["j", "Jobs"],
      ["/", "Search names, labels and tags"],
      ["u", "Choose a picture from outside"],
      ["+ −", "Larger, smaller pictures"],
      ["Ctrl+Z", "Undo the latest edit"],
      ["Ctrl+Shift+Z", "Redo it"],
      ["Esc", "Close, then clear"],
      ["?", "This sheet"],
    ],
  ],
  [
    "With pictures",
    [
      ["← → ↑ ↓", "Move"],
      ["Home End", "First, last"],
      ["PgUp PgDn", "A screen up, down"],
      ["Enter", "Open; on Neighbours, walk there"],
      ["i", "All facts of the picture"],
      ["s", "Similar pictures"],
      ["d", "Distribution of its similarities"],
      ["t", "Try a model on it"],
    ],
  ],
  [
    "Browse",
    [
      ["Space v", "Choose the picture, or not"],
      ["Shift+← Shift+→", "Choose a range"],
      ["Ctrl+A", "Choose all that match"],
      ["1 9", "Give the tag of that key"],
      ["0", "Take the tags of all keys"],
      ["a", "Add a tag"],
      ["l", "Set the label"],
      ["p", "Put into train, validation or test"],
      ["f", "Flag with a note"],
      ["h", "Hide, or show again"],
      ["w", "Keep as a selection"],
      ["e", "Export"],
      ["r", "Rows of own shapes, or squares"],
      [":", "Go to a number or a name"],
    ],
  ],
  [
    "Neighbours",
    [
      ["p", "Add as an example: more like this"],
      ["x", "Add as a counter-example: less like this"],
      ["Backspace", "Back along the trail"],
      ["k", "Keep the picture, or the query, at hand; here and on Distribution"],
      ["r", "Go to a rank"],
      ["b", "Spaces side by side; ← → then follow the same picture"],
    ],
  ],
  [
    "Distribution",
    [
      ["l", "Linear or logarithmic heights"],
      ["n", "The same query’s neighbours"],
      ["m", "All together, by label, by tag"],
      ["c", "Back to the suggested cut"],
      ["Tab ← →", "Move the cut or an end of the range; with Shift, ten bars"],
    ],
  ],
  [
    "Prepare, Review",
    [
      ["y x", "Yes, no to the marked card"],
      ["t", "Prepare: the other way round"],
      ["s", "Review: similar pictures"],
    ],
  ],
  [
    "Compare",
    [
      ["v", "Density or cumulative curves"],
      ["c", "The chosen picture as a query of its own"],
      ["p x", "As example, counter-example of the marked query"],
      ["Tab ← →", "Move an edge of the box; with Shift, ten times as far"],
    ],
  ],
  [
    "Retrieval",
    [["q", "Ask about another label, tag or selection"]],
  ],
  [
    "Map",
    [
      ["+ − 0", "Nearer, farther, everything"],
      ["l r", "Choose with a lasso, with a rectangle"],
      ["a", "Choose all in view; with Shift, besides what is chosen"],
      ["Space", "Add the picture to the chosen ones, or take it away"],
      ["v", "Scattered, or on a grid without overlaps"],
      ["[ ]", "Smaller, larger pictures"],
    ],
  ],
];
