/** The picture facts that queries and captions need. */

import type { Image } from "../api/types";
import type { Term } from "./terms";

/** What to call a term: the picture's name when it is known. */
export function termTitle(term: Term, card: (id: number) => Image | undefined): string {
  switch (term.kind) {
    case "image":
      return card(Number(term.value))?.name ?? `picture ${term.value}`;
    case "upload":
      return "picture from outside";
    case "label":
    case "tag":
      return `${term.kind} ${term.value}`;
  }
}
