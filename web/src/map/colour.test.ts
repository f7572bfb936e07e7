import { describe, expect, it } from "vitest";

import type { Values } from "../api/types";
import { categoryColour, categoryColours, colours, MOST_COLOURS, parse, rampColour, rampGradient, type Colour, type Scheme } from "./colour";

const values = (part: Partial<Values>): Values => ({
  by: "label", title: "Label", kind: "category", categories: [], low: null, high: null, missing: 0, total: 0, ...part,
});

/** Lightness and contrast as WCAG counts them. */
function light([r, g, b]: Colour): number {
  const part = (c: number): number => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}
const contrast = (a: Colour, b: Colour): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

/** How a red-blind and a green-blind person see a colour (Viénot 1999, in linear light). */
function seenBy(kind: "protan" | "deutan", colour: Colour): Colour {
  const [r, g, b] = colour.map((c) => (c / 255) ** 2.2) as [number, number, number];
  const [l, m, s] = [17.8824 * r + 43.5161 * g + 4.1194 * b, 3.4557 * r + 27.1554 * g + 3.8671 * b, 0.03 * r + 0.1843 * g + 1.4671 * b];
  const [l2, m2] = kind === "protan" ? [2.0234 * m - 2.5258 * s, m] : [l, 0.4942 * l + 1.2483 * s];
  const back = [0.0809 * l2 - 0.1305 * m2 + 0.1167 * s, -0.0102 * l2 + 0.054 * m2 - 0.1136 * s, -0.0004 * l2 - 0.0041 * m2 + 0.6935 * s];
  return back.map((c) => 255 * Math.max(0, Math.min(1, c)) ** (1 / 2.2)) as unknown as Colour;
}
const apart = (a: Colour, b: Colour): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const GROUND: Record<Scheme, Colour> = { light: parse("#f6f4f0"), dark: parse("#121110") }; // of app.css

describe.each(["light", "dark"] as const)("colours on %s ground", (scheme) => {
  const own = Array.from({ length: MOST_COLOURS }, (_, n) => parse(categoryColour(n, scheme)));

  it("stand out from the ground", () => {
    for (const colour of own) expect(contrast(colour, GROUND[scheme])).toBeGreaterThan(2.1);
    for (let i = 0; i <= 10; i++) expect(contrast(rampColour(i / 10, scheme), GROUND[scheme])).toBeGreaterThan(1.4);
  });

  it("are told apart, the six most frequent by colour-blind people too", () => {
    own.forEach((a, i) =>
      own.slice(0, i).forEach((b, j) => {
        expect(apart(a, b)).toBeGreaterThan(40);
        if (i < 6) for (const kind of ["protan", "deutan"] as const) expect(apart(seenBy(kind, a), seenBy(kind, b)), `${i} ${j} ${kind}`).toBeGreaterThan(25);
      }),
    );
  });

  it("rise in lightness along a ramp", () => {
    const steps = Array.from({ length: 20 }, (_, i) => light(rampColour(i / 19, scheme)));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(rampGradient(scheme)).toContain("linear-gradient(to right, rgb(");
  });

  it("follow categories; the rare ones and those without share one", () => {
    const many = Array.from({ length: MOST_COLOURS + 5 }, (_, n) => ({ name: `kind ${n}`, count: 1 }));
    const bytes = colours(values({ categories: many }), Int32Array.of(1, -1, MOST_COLOURS + 3), scheme);
    expect([...bytes.slice(0, 3)]).toEqual([...parse(categoryColour(1, scheme))]);
    expect([...bytes.slice(3, 6)]).toEqual([...bytes.slice(6, 9)]);
    expect([...bytes.slice(3, 6)]).toEqual([...parse(categoryColour(-1, scheme))]);
  });

  it("follow numbers from least to greatest", () => {
    const some = values({ kind: "number", low: 10, high: 20 });
    const bytes = colours(some, Float32Array.of(10, 20, 15, NaN), scheme);
    expect([...bytes.slice(0, 9)]).toEqual([...rampColour(0, scheme), ...rampColour(1, scheme), ...rampColour(0.5, scheme)]);
    expect([...bytes.slice(9)]).toEqual([...parse(categoryColour(-1, scheme))]);
    const one = colours(values({ kind: "number", low: 3, high: 3 }), Float32Array.of(3), scheme);
    expect([...one]).toEqual([...rampColour(0.5, scheme)]);
  });
});

it("reads colours as styles say them", () => {
  expect(parse("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
  expect(parse("#0a0B0c")).toEqual([10, 11, 12]);
});

describe("the colours of categories", () => {
  const named = (by: string, ...names: string[]): string[] =>
    categoryColours({ by, categories: names.map((name) => ({ name, count: 1 })) }, "light");
  const [none, first, second] = [-1, 0, 1].map((n) => categoryColour(n, "light"));

  it("leave what is only the rest grey, wherever it stands", () => {
    expect(named("tag:cat", "without cat", "cat")).toEqual([none, first]);
    expect(named("selection:a:b", "a:b", "without a:b")).toEqual([first, none]);
    expect(named("model:svm:error", "right", "wrong")).toEqual([none, first]);
    expect(named("placed", "put beside those they resemble", "laid out")).toEqual([first, none]);
  });

  it("are those of their places where nothing is", () => {
    expect(named("label", "right", "without cat")).toEqual([first, second]);
    expect(named("model:svm", "right", "wrong")).toEqual([first, second]);
  });
});
