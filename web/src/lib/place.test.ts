import { describe, expect, it } from "vitest";
import { formatPlace, parsePlace } from "./hash";
import { arranged, ROOMS, roomOf } from "./rooms";
import { EVERYTHING, isFiltered, toggled, viewFrom, viewParams, type View, filterOf, unfiltered } from "./view";

describe("the address", () => {
  it("keeps what was written, readably", () => {
    const params = new URLSearchParams([
      ["term", "image:12"],
      ["term", "-label:cats & dogs"],
      ["text", "50 % grün+blau"],
    ]);
    const hash = formatPlace("neighbours", params);
    expect(hash).toContain("#/neighbours?term=image:12&term=-label:");
    const place = parsePlace(hash);
    expect(place.page).toBe("neighbours");
    expect([...place.params]).toEqual([...params]);
  });

  it.each(["", "#", "#/", "#/nowhere?x=1", "#/browse"])("%j is Browse", (hash) => {
    expect(parsePlace(hash).page).toBe("browse");
  });

  it("has no question mark where nothing is asked", () => {
    expect(formatPlace("try", new URLSearchParams())).toBe("#/try");
  });
});

describe("the view", () => {
  const view: View = {
    labels: ["", "cat"],
    unlabelled: false,
    tags: ["a|b", "c"],
    anyTag: true,
    splits: ["test"],
    flags: ["tiny", "hidden"],
    text: "sea & sky",
    selection: "my best",
    values: ["medium=oil & ink"],
    ranges: ["property:year=1900..", "width=..20"],
    answers: ["mine=cat"],
    sort: "similarity",
    descending: true,
    terms: ["image:3", "-tag:x"],
    space: "s/1",
  };

  it("goes through the address unchanged", () => {
    expect(viewFrom(viewParams(view))).toEqual(view);
    expect(viewFrom(parsePlace(formatPlace("browse", viewParams(view))).params)).toEqual(view);
  });

  it("of everything has no parameters and is not filtered", () => {
    expect([...viewParams(EVERYTHING)]).toEqual([]);
    expect(isFiltered({ ...EVERYTHING, sort: "name", descending: true, text: "  " })).toBe(false);
    expect(isFiltered({ ...EVERYTHING, unlabelled: true })).toBe(true);
  });

  it("asks a space only for orders that need one", () => {
    expect(viewParams({ ...EVERYTHING, sort: "name", terms: ["image:3"], space: "s" }).toString()).toBe("sort=name");
  });

  it("has a filter that is the API's, and an order that stays without it", () => {
    expect(filterOf(view)).toEqual({
      ...{ label: ["", "cat"], unlabelled: false, tag: ["a|b", "c"], any_tag: true, split: ["test"] },
      ...{ flag: ["tiny", "hidden"], text: "sea & sky" },
      ...{ selection: "my best", value: ["medium=oil & ink"] },
      range: ["property:year=1900..", "width=..20"],
      answer: ["mine=cat"],
    });
    expect(isFiltered(unfiltered(view))).toBe(false);
    expect(unfiltered(view).sort).toBe("similarity");
  });

  it("takes a name twice as taking it away", () => {
    expect(toggled(toggled(["y"], "x"), "x")).toEqual(["y"]);
  });
});

describe("the rooms", () => {
  it("have a key and an address of their own", () => {
    expect(new Set(ROOMS.map(({ key }) => key)).size).toBe(ROOMS.length);
    for (const room of ROOMS) {
      expect(roomOf(room.page)).toBe(room);
      expect(parsePlace(formatPlace(room.page, new URLSearchParams())).page).toBe(room.page);
    }
  });

  it.each([
    [5, true, 5, 0],
    [5, false, 5, 0],
    [6, false, 4, 2],
    [9, false, 4, 5],
    [9, true, 9, 0],
  ])("%i with wide = %s stand as %i and %i", (n, wide, bar, more) => {
    const rooms = Array.from({ length: n }, (_, i) => i);
    const found = arranged(rooms, wide);
    expect([found.bar.length, found.more.length]).toEqual([bar, more]);
    expect([...found.bar, ...found.more]).toEqual(rooms);
  });
});
