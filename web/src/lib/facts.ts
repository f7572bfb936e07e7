/** The picture facts that queries and captions need. */

import type { Image } from "../api/types";
import type { Term } from "./terms";

/** What people call a picture: its title where a table gave one, else its file's name. */
export function titleOf(image: Image): string {
  for (const property of ["title", "name"]) {
    const value = image.properties[property];
    if (typeof value === "string" && value.trim()) return value;
  }
  return image.name;
}

/** What to call a term: the picture's name when it is known. */
export function termTitle(term: Term, card: (id: number) => Image | undefined): string {
  switch (term.kind) {
    case "image": {
      const image = card(Number(term.value));
      return image ? titleOf(image) : `picture ${term.value}`;
    }
    case "upload":
      return "picture from outside";
    case "label":
    case "tag":
    case "selection":
      return `${term.kind} ${term.value}`;
    case "text":
      return `“${term.value}”`;
  }
}

/** Titles without the words that all of them begin with: "pool" and "stage5" of one network. */
export function shortTitles(titles: readonly string[]): string[] {
  if (titles.length < 2) return [...titles];
  const words = titles.map((title) => title.split(" "));
  const first = words[0] ?? [];
  const shortest = Math.min(...words.map((each) => each.length));
  let common = 0;
  while (common < shortest - 1 && words.every((each) => each[common] === first[common])) common += 1;
  return words.map((each) => each.slice(common).join(" "));
}
