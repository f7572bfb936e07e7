import { describe, expect, it } from "vitest";
import type { Mark } from "../api/types";
import { hubWords, mutualWords } from "./marks";

const mark: Mark = {
  id: 1,
  back: 3,
  mutual: true,
  occurrence: { value: 214, low: 214, high: 214, chance: 10 },
  hub: true,
};

describe("marks in words", () => {
  it("say the rank and the number", () => {
    expect(mutualWords(mark)).toBe("Mutual: the query is number 3 among this picture’s own neighbours.");
    expect(hubWords(mark, 10)).toBe("Hub: a neighbour of 214 pictures; 10 would be usual.");
  });

  it("say when the number is an estimate, and how sure it is", () => {
    const guessed = { ...mark, occurrence: { value: 214.4, low: 150.2, high: 300, chance: 10 } };
    expect(hubWords(guessed, 10)).toBe(
      "Hub: a neighbour of about 214 pictures (estimated, 150 to 300); 10 would be usual.",
    );
    expect(hubWords({ ...mark, occurrence: null }, 10)).toBe("");
  });
});
