/** Preparing labels without a server: enough to draw the page. */

import type { PreparingSource } from "./preparing";

export function fakePreparing(): PreparingSource {
  const ahead = <Made>(made: Made): Promise<{ problem: string; made: Made }> => Promise.resolve({ problem: "", made });
  const history = { changed: 0, undo: null, redo: null };
  return {
    vocabulary: () => Promise.resolve(null),
    curated: () =>
      ahead({ before: 0, after: 0, changed: 0, bare: 0, hidden: 0, tags: [], notes: [] }),
    decideTags: () => Promise.resolve(history),
    decideTagsAgain: () => Promise.resolve(history),
    dividedBy: () => Promise.resolve({ labels: 0, tags: 0, groups: ["folder", "root"], large: false, latest: null }),
    division: () =>
      ahead({ images: 0, groups: 0, changed: 0, parts: [], counts: [], names: 0, leaks: [], notes: [] }),
    divide: () => Promise.resolve(history),
    classes: () =>
      Promise.resolve({ images: 0, several: 0, none: 0, reference: "", classes: [], left: [], lines: [], decided: false, notes: [] }),
    classed: () => ahead({ classes: [], labelled: 0, changed: 0, without: 0, notes: [] }),
    decideClasses: () => Promise.resolve(history),
    address: { tags: "", classes: "" },
  };
}
