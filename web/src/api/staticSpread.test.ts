import { describe, expect, it } from "vitest";
import { parseTerm, type Term } from "../lib/terms";
import type { Held } from "./source";
import { inRange, isHeld, keptSpreads } from "./staticSpread";

const terms = (...texts: string[]): Term[] => texts.flatMap((text) => parseTerm(text) ?? []);
const held: Held[] = [
  { space: "a", terms: ["label:x"], title: "x" },
  { space: "b", terms: ["label:x"], title: "x" },
  { space: "b", terms: ["image:3", "-image:4"], title: "both" },
];

describe("distributions that a site holds", () => {
  const asked: string[] = [];
  const source = keptSpreads(held, "b", new Int32Array([7, 5, 9]), (address) => {
    asked.push(address);
    return Promise.resolve(
      address.endsWith("similarities")
        ? new Response(new Float32Array([0.5, 1, 0.5]).buffer)
        : new Response(JSON.stringify({ address })),
    );
  });

  it("are found by terms and space", async () => {
    await source.distribution({ space: null, terms: terms("label:x") }, 400);
    await source.distribution({ space: "a", terms: terms("label:x") }, 400);
    expect(asked).toEqual(["distribution/1", "distribution/0"]);
    const found = await source.between({ space: null, terms: terms("image:3", "-image:4") }, 0.2, 0.9);
    expect([...found]).toEqual([7, 9]);
    await expect(source.distribution({ space: "a", terms: terms("image:3") }, 400)).rejects.toThrow("does not hold");
    expect([isHeld(held, terms("label:x")), isHeld(held, terms("image:3")), isHeld(held, [])]).toEqual([true, false, false]);
  });

  it("are looked through as Python does: half open, most similar first, ties by id", () => {
    const [similarities, ids] = [new Float32Array([0.5, 1, 0.5, NaN, 0.25]), new Int32Array([9, 5, 7, 1, 2])];
    expect([...inRange(similarities, ids, 0.25, 1)]).toEqual([5, 7, 9, 2]);
    expect([...inRange(similarities, ids, 0.25, 0.5)]).toEqual([2]);
    expect([...inRange(similarities, ids, -1, 0.2)]).toEqual([]);
  });
});
