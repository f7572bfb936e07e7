import { describe, expect, it } from "vitest";
import { shortTitles } from "./facts";

describe("short titles", () => {
  it.each([
    [["lite0 pool", "lite0 stage5"], ["pool", "stage5"]],
    [["vgg19 fc6", "vgg19 fc6 (squashed)"], ["fc6", "fc6 (squashed)"]],
    [["vgg19 fc7", "alexnet fc7"], ["vgg19 fc7", "alexnet fc7"]],
    [["lite0 pool"], ["lite0 pool"]],
    [["same", "same"], ["same", "same"]],
    [[], []],
  ])("of %j are %j", (titles, wanted) => {
    expect(shortTitles(titles)).toEqual(wanted);
  });
});
