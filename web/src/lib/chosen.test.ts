import { expect, it } from "vitest";

import { isSame } from "./chosen";
import { EVERYTHING } from "./view";

it("knows sets that are written alike", () => {
  expect(isSame({ ids: [1, 2] }, { ids: Int32Array.of(1, 2) })).toBe(true);
  expect(isSame({ ids: [1, 2] }, { ids: [2, 1] })).toBe(false);
  expect(isSame({ ids: [] }, { ids: [1] })).toBe(false);
  expect(isSame({ view: EVERYTHING }, { view: { ...EVERYTHING } })).toBe(true);
  expect(isSame({ view: EVERYTHING }, { view: { ...EVERYTHING, label: "cats" } })).toBe(false);
  expect(isSame({ view: EVERYTHING }, { ids: [] })).toBe(false);
});
