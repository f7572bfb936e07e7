import { describe, expect, it } from "vitest";

import { USUAL_SIZE } from "./detail";
import { chosenPoints, placeFrom, placeParams, toggled, type MapPlace } from "./place";

const loop = [{ x: 0.1, y: 0.1 }, { x: 0.9, y: 0.1 }, { x: 0.5, y: 0.9 }];
const full: MapPlace = {
  map: "umap lite0", layout: "grid", by: "property:year", only: ["ink", "oil"], text: "moon", size: 2,
  areas: [{ layout: "scatter", loop }, { layout: "grid", loop }], picks: [4, 7], image: 12, draw: "webgl",
};

describe("the address of a map", () => {
  it("says all of what is shown", () => {
    const read = placeFrom(placeParams(full, "0.5,0.5,2"));
    expect(read).toEqual({
      ...full,
      areas: full.areas.map((area) => ({ ...area, loop: loop.map(({ x, y }) => ({ x: expect.closeTo(x, 4), y: expect.closeTo(y, 4) })) })),
    });
  });

  it("is plain for what one sees first", () => {
    const first = placeFrom(new URLSearchParams());
    expect(placeParams(first, null).toString()).toBe("");
    expect(first).toMatchObject({ map: null, layout: "scatter", by: null, picks: [], areas: [] });
  });

  it("bears what people write into it", () => {
    const odd = placeFrom(new URLSearchParams("layout=sphere&size=99&area=x&area=sabc&pick=1,b,,3&image=-4"));
    expect(odd).toMatchObject({ layout: "scatter", size: USUAL_SIZE, areas: [], picks: [1, 3], image: null });
  });
});

it("chooses what is in the areas, with single pictures turned over", () => {
  const enclosed = (_: unknown, layout: string): number[] => (layout === "grid" ? [1, 2] : [2, 3]);
  const pointOf = (id: number): number | undefined => (id < 100 ? id * 10 : id === 100 ? 3 : undefined);
  const chosen = chosenPoints({ areas: full.areas, picks: [4, 100, 999] }, enclosed, pointOf);
  expect([...chosen].sort((a, b) => a - b)).toEqual([1, 2, 40]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
});
