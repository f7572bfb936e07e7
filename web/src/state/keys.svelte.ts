/** Who listens to the keyboard: the innermost screen first, and no one while text is typed. */

import { isTyping, matchKey, prefixesOf, type Bindings } from "../lib/keys";

const stack: (() => Bindings)[] = [];
let pending = "";

/** Listen while the calling component is there; bindings added later come first. */
export function useKeys(bindings: () => Bindings): void {
  $effect(() => {
    stack.push(bindings);
    return () => void stack.splice(stack.indexOf(bindings), 1);
  });
}

/** Handle a key press of the window. */
export function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const known = stack.map((bindings) => bindings()).reverse();
  const prefixes = new Set(known.flatMap((bindings) => [...prefixesOf(bindings)]));
  const match = matchKey(pending, event, (name) => known.some((b) => name in b), prefixes);
  pending = match.pending;
  if (match.run === null) return;
  known.find((bindings) => match.run !== null && match.run in bindings)?.[match.run]?.(event);
}
