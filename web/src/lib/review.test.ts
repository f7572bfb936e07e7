import { describe, expect, it } from "vitest";
import type { Review, Suspicion } from "../api/types";
import { correction, moved, shownFrom, waiting } from "./review";

const suspect = (id: number, tag: string, wrong: Suspicion["wrong"], probability: number): Suspicion => ({
  id,
  tag,
  wrong,
  probability,
  near: null,
  similarity: null,
});
const review = {
  suspects: [
    suspect(1, "sea", "superfluous", 0.2),
    suspect(2, "sea", "superfluous", 0.1),
    suspect(3, "sky", "missing", 0.8),
  ],
} as unknown as Review;

describe("the review wall", () => {
  it("shows the likeliest mistakes first", () => {
    const sea = waiting(review, { tag: "sea", wrong: "superfluous" });
    expect(sea.map(({ id }) => id)).toEqual([2, 1]);
    expect(waiting(review, { tag: null, wrong: "missing" })).toHaveLength(1);
    expect(waiting(null, { tag: null, wrong: "missing" })).toEqual([]);
  });

  it("opens the kind that has something to show", () => {
    expect(shownFrom(new URLSearchParams("tag=sea"), review).wrong).toBe("superfluous");
    expect(shownFrom(new URLSearchParams("tag=sea&wrong=missing"), review).wrong).toBe("missing");
    expect(shownFrom(new URLSearchParams(), review)).toEqual({ tag: null, wrong: "missing" });
  });

  it("corrects by an edit", () => {
    expect(correction(suspect(3, "sky", "missing", 0.8))).toEqual({ kind: "tag", tags: ["sky"] });
    expect(correction(suspect(1, "sea", "superfluous", 0.2))).toEqual({ kind: "untag", tags: ["sea"] });
  });

  it("keeps the mark on the wall", () => {
    expect([moved(0, -1, 3), moved(2, 4, 3), moved(1, 1, 3)]).toEqual([0, 2, 2]);
  });
});
