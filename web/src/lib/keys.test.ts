import { describe, expect, it } from "vitest";
import { CHEATS, isControl, isTyping, matchKey, prefixesOf, type KeyLike } from "./keys";

const press = (key: string, more: Partial<KeyLike> = {}): KeyLike => ({
  key,
  ctrlKey: false,
  shiftKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});
const element = (tagName: string, type = "text"): EventTarget =>
  ({ tagName, type }) as unknown as EventTarget;

describe("typing", () => {
  it.each([
    ["INPUT", "text", true],
    ["INPUT", "search", true],
    ["INPUT", "checkbox", false],
    ["TEXTAREA", "", true],
    ["SELECT", "", true],
    ["BUTTON", "", false],
    ["DIV", "", false],
  ])("in <%s type=%s> is %s", (tag, type, typing) => {
    expect(isTyping(element(tag, type))).toBe(typing);
  });

  it("knows editable text and controls", () => {
    expect(isTyping({ tagName: "P", isContentEditable: true } as unknown as EventTarget)).toBe(true);
    expect(isTyping(null)).toBe(false);
    expect(isControl(element("A"))).toBe(true);
    expect(isControl(element("DIV"))).toBe(false);
  });
});

describe("matching", () => {
  const names = new Set(["/", "s", "g b", "g n"]);
  const known = (name: string): boolean => names.has(name);
  const prefixes = prefixesOf(Object.fromEntries([...names].map((name) => [name, () => {}])));

  it("runs single keys and sequences", () => {
    expect(matchKey("", press("/"), known, prefixes)).toEqual({ run: "/", pending: "" });
    expect(matchKey("", press("g"), known, prefixes)).toEqual({ run: null, pending: "g" });
    expect(matchKey("g", press("n"), known, prefixes)).toEqual({ run: "g n", pending: "" });
  });

  it("forgets a sequence that leads nowhere, without running its second key", () => {
    expect(matchKey("g", press("s"), known, prefixes)).toEqual({ run: null, pending: "" });
  });

  it("runs what goes with Ctrl or Cmd when it is known", () => {
    const undo = (name: string): boolean => name === "Mod+z" || name === "z";
    expect(matchKey("", press("z", { ctrlKey: true }), undo, prefixes).run).toBe("Mod+z");
    expect(matchKey("", press("Z", { metaKey: true }), undo, prefixes).run).toBe("Mod+z"); // Caps Lock
    expect(matchKey("", press("z", { ctrlKey: true, shiftKey: true }), undo, prefixes).run).toBeNull();
    expect(matchKey("", press("z", { altKey: true, ctrlKey: true }), undo, prefixes).run).toBeNull();
    expect(matchKey("", press("a", { ctrlKey: true }), undo, prefixes).run).toBeNull();
  });

  it("leaves the browser's own shortcuts alone", () => {
    expect(matchKey("", press("s", { ctrlKey: true }), known, prefixes).run).toBeNull();
    expect(matchKey("g", press("n", { metaKey: true }), known, prefixes)).toEqual({ run: null, pending: "" });
  });
});

it("the cheat sheet names each key once in a group", () => {
  for (const [, cheats] of CHEATS) {
    const keys = cheats.map(([key]) => key);
    expect(new Set(keys).size).toBe(keys.length);
  }
});
