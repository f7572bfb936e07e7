import { describe, expect, it } from "vitest";
import { linkPath, links, step } from "./columns";

const columns = [
  [10, 11, 12],
  [12, 13, 10, 14],
];

describe("links", () => {
  it("join what two columns share", () => {
    expect(links(columns[0] ?? [], columns[1] ?? [])).toEqual([
      { id: 10, left: 0, right: 2 },
      { id: 12, left: 2, right: 0 },
    ]);
    expect(links([1], [2])).toEqual([]);
  });

  it("run from the middle of a row to the middle of a row", () => {
    expect(linkPath({ id: 1, left: 0, right: 2 }, 60, 80)).toBe("M0 30C40 30 40 150 80 150");
  });
});

describe("keys", () => {
  it("move along a column and stop at its ends", () => {
    expect(step(columns, null, "ArrowDown")).toEqual({ column: 0, row: 0 });
    expect(step(columns, { column: 0, row: 2 }, "ArrowDown")).toEqual({ column: 0, row: 2 });
    expect(step(columns, { column: 0, row: 0 }, "ArrowUp")).toEqual({ column: 0, row: 0 });
    expect(step(columns, { column: 1, row: 1 }, "End")).toEqual({ column: 1, row: 3 });
    expect(step(columns, { column: 1, row: 3 }, "Home")).toEqual({ column: 1, row: 0 });
    expect(step(columns, { column: 1, row: 0 }, "PageDown")).toEqual({ column: 1, row: 3 });
  });

  it("follow a shared picture across columns, else the row", () => {
    expect(step(columns, { column: 0, row: 0 }, "ArrowRight")).toEqual({ column: 1, row: 2 });
    expect(step(columns, { column: 1, row: 0 }, "ArrowLeft")).toEqual({ column: 0, row: 2 });
    expect(step(columns, { column: 1, row: 3 }, "ArrowLeft")).toEqual({ column: 0, row: 2 });
    expect(step(columns, { column: 1, row: 3 }, "ArrowRight")).toEqual({ column: 1, row: 3 });
    expect(step(columns, { column: 0, row: 1 }, "ArrowLeft")).toEqual({ column: 0, row: 1 });
  });

  it("do nothing else", () => {
    expect(step(columns, { column: 0, row: 0 }, "a")).toBeNull();
    expect(step([[], []], null, "ArrowDown")).toBeNull();
  });
});
