import { expect, it } from "vitest";
import { above, bytes, capital, count, counted, duration, measured, percent, property, rate, share, similarity, zScore } from "./format";

it.each([
  [bytes(999), "999 B"],
  [bytes(48_213), "48.2 kB"],
  [bytes(999_900), "1.00 MB"],
  [bytes(3_412_345), "3.41 MB"],
  [above(99.9961), "above 99.99 %"],
  [above(100), "above 100 %"],
  [above(29.29), "above 29.29 %"],
  [above(0.001), "above 0 %"],
  [capital("embedding"), "Embedding"],
  [count(1903), "1,903"],
  [counted(1, "picture"), "1 picture"],
  [counted(0, "picture"), "0 pictures"],
  [duration(8.4), "8 s"],
  [duration(200), "3 min 20 s"],
  [duration(7500), "2 h 05 min"],
  [percent(0.7512), "75 %"],
  [percent(0.0523), "5.2 %"],
  [percent(0.9998), "99.98 %"],
  [percent(0.99999), "> 99.99 %"],
  [percent(0.00001), "< 0.01 %"],
  [percent(1), "100 %"],
  [property(0.1 + 0.2), "0.3"],
  [property(true), "yes"],
  [rate(305.4), "305"],
  [rate(2.34), "2.3"],
  [similarity(-0.0312), "−0.031"],
  [zScore(4.21), "+4.2"],
  [zScore(-0.3), "−0.3"],
])("%s reads %s", (written, wanted) => {
  expect(written).toBe(wanted);
});

it("writes what was measured with the digits that it has", () => {
  expect([1903.4, 12.3456, 0.04213, -0.5, 0].map(measured)).toEqual(["1,903", "12.35", "0.0421", "−0.5", "0"]);
  expect([0.456, -0.1].map(share)).toEqual(["0.46", "−0.10"]);
});
