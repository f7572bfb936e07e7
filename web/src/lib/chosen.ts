/** Sets of chosen pictures: a list, or all that a view shows. */

import type { Images } from "../api/source";
import { viewParams } from "./view";

/** Whether two sets are written alike (not whether the same pictures are in them). */
export function isSame(first: Images, second: Images): boolean {
  if ("ids" in first && "ids" in second) {
    const [a, b] = [first.ids, second.ids];
    return a === b || (a.length === b.length && Array.from(a).every((id, i) => id === b[i]));
  }
  if ("view" in first && "view" in second)
    return viewParams(first.view).toString() === viewParams(second.view).toString();
  return false;
}
