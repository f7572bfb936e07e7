import { expect, it } from "vitest";

import type { Faithfulness } from "../api/types";
import { faithRows, faithSentence } from "./faith";

const share = (value: number, chance = 0.01): Faithfulness["kept"] => ({ value, low: value, high: value, chance });
const faith = (kept: number): Faithfulness => ({
  k: 15, asked: 1000, exact: false, trustworthiness: share(0.9, 0.5), continuity: share(0.9, 0.5),
  kept: share(kept), label_hit: null, label_hit_space: null,
});

it("says in one sentence how far to trust a map", () => {
  expect(faithSentence(faith(0.97))).toMatch(/^Nearly all of each picture’s 15 most similar/);
  expect(faithSentence(faith(0.5))).toContain("(50 %, 50 times of what a shuffled map keeps)");
  expect(faithSentence(faith(0.5))).toContain("groups can be trusted");
  expect(faithSentence(faith(0.05))).toMatch(/^Few .*broad directions only\.$/);
  expect(faithSentence({ ...faith(1), k: 1 })).toMatch(/^Nearly all of the pictures .* lie nearest to the one that is most like them/);
  expect(faithSentence(faith(0.005))).not.toContain("times");
});

it("lists the numbers there are", () => {
  expect(faithRows(faith(0.5)).map(({ name }) => name)).toEqual(["Neighbours kept", "Trustworthiness", "Continuity"]);
  expect(faithRows({ ...faith(0.5), label_hit: share(0.7) })).toHaveLength(4);
});
