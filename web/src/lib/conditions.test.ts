import { describe, expect, it } from "vitest";
import {
  anyOf,
  betweenOf,
  formatBetween,
  formatValue,
  parseBetween,
  parseValue,
  toggleValue,
  valuesOf,
  withBetween,
  withoutValues,
} from "./conditions";

describe("ranges", () => {
  it.each(["width=100..500", "property:year=1900..", "aspect=..1.5", "property:a=b=-1..2e-7"])(
    "%s is written as it is read",
    (text) => {
      const range = parseBetween(text);
      expect(range && formatBetween(range)).toBe(text);
    },
  );

  it.each(["width", "width=1", "=1..2", "width=a..b"])("%j is no range", (text) => {
    expect(parseBetween(text)).toBeNull();
  });

  it("are set and taken away one by one", () => {
    const ranges = withBetween(["width=1..2", "size=3..4"], "width", { low: 5, high: null });
    expect(ranges).toEqual(["size=3..4", "width=5.."]);
    expect(betweenOf(ranges, "width")).toEqual({ key: "width", low: 5, high: null });
    expect(withBetween(ranges, "size", null)).toEqual(["width=5.."]);
    expect(betweenOf(ranges, "height")).toBeNull();
  });
});

describe("values", () => {
  it.each([
    ["medium", "oil = canvas"],
    ["100 % = all", "x"],
    ["%3D", ""],
  ])("%j is %j, written and read", (name, value) => {
    expect(parseValue(formatValue(name, value))).toEqual({ name, value });
  });

  it("of one property add up, and are taken away", () => {
    const two = toggleValue(["medium=oil", "artist=x"], "medium", "ink");
    expect(two).toEqual(["medium=oil", "artist=x", "medium=ink"]);
    expect(valuesOf(two, "medium")).toEqual(["oil", "ink"]);
    expect(toggleValue(two, "medium", "oil")).toEqual(["artist=x", "medium=ink"]);
    expect(withoutValues(two, "medium")).toEqual(["artist=x"]);
    expect(parseValue("nothing")).toBeNull();
  });

  it("ask for any value of each property; what can't be read, none has", () => {
    const asked = anyOf(["medium=oil", "artist=x", "medium=ink"]);
    expect([...asked.keys()]).toEqual(["medium", "artist"]);
    expect([...(asked.get("medium") ?? [])]).toEqual(["oil", "ink"]);
    expect(anyOf(["nothing"]).get("")?.size).toBe(0);
  });
});
