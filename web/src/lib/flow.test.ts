import { describe, expect, it, vi } from "vitest";
import { fakeImage } from "../api/fake";
import type { Image, Job } from "../api/types";
import { Cards, isShown, isUnread } from "./cards";
import { termTitle, titleOf } from "./facts";
import { bringsFiles, firstPicture } from "./files";
import { isActive, offered, ordered, progressLine, share } from "./jobs";
import { latest } from "./latest";
import { imageTerm } from "./terms";

describe("latest", () => {
  it("drops the answers, and the failures, of older calls", async () => {
    const ends: ((end: "ok" | "bad") => void)[] = [];
    const call = latest(
      (name: string) =>
        new Promise<string>((resolve, reject) =>
          ends.push((end) => (end === "ok" ? resolve(name) : reject(new Error(name)))),
        ),
    );
    const answers = [call("a"), call("b"), call("c")];
    ends[2]?.("ok");
    ends[0]?.("ok");
    ends[1]?.("bad");
    expect(await Promise.all(answers)).toEqual([null, null, { value: "c" }]);
    const failing = call("d");
    ends[3]?.("bad");
    await expect(failing).rejects.toThrow("d");
  });
});

describe("cards", () => {
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

  it("asks once for what is seen when scrolling settles, not for what flew by", async () => {
    const fetch = vi.fn((ids: readonly number[]) => Promise.resolve(ids.map(fakeImage)));
    const cards = new Cards(new Map(), fetch, undefined, 5);
    for (let first = 1; first < 5000; first += 500)
      cards.want(Array.from({ length: 40 }, (_, i) => first + i));
    await wait(30);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch.mock.calls[0]?.[0]).toEqual(Array.from({ length: 40 }, (_, i) => 4501 + i));
    cards.want([4501, 4502, 9]);
    await wait(30);
    expect(fetch.mock.calls[1]?.[0]).toEqual([9]);
  });

  it("asks for many in parts, and tells a failure", async () => {
    const sizes: number[] = [];
    const cards = new Cards(
      new Map(),
      (ids) => (sizes.push(ids.length), Promise.resolve(ids.map(fakeImage))),
      undefined,
      1,
    );
    cards.want(Array.from({ length: 500 }, (_, i) => i + 1));
    await wait(30);
    expect(sizes).toEqual([240, 240, 20]);

    const failed = vi.fn();
    const bad = new Cards(new Map(), () => Promise.reject(new Error("away")), failed, 1);
    bad.want([1]);
    await wait(20);
    expect(failed).toHaveBeenCalledOnce();
    bad.want([1]);
    await wait(20);
    expect(failed).toHaveBeenCalledTimes(2);
  });

  it("looks again at what had not been read", async () => {
    const unread: Image = { ...fakeImage(1), width: 0, height: 0, flags: [] };
    const fetch = vi.fn((ids: readonly number[]) => Promise.resolve(ids.map(fakeImage)));
    const cards = new Cards(new Map(), fetch, undefined, 1);
    cards.put([unread, fakeImage(2)]);
    expect([isUnread(unread), isShown(unread)]).toEqual([true, false]);
    cards.refresh([1, 2, 3], isUnread);
    await wait(10);
    expect(fetch.mock.calls).toEqual([[[1]]]);
    expect(isShown(cards.shelf.get(1) ?? unread)).toBe(true);
    expect([isUnread(fakeImage(97)), isShown(fakeImage(97))]).toEqual([false, false]);
  });
});

describe("jobs", () => {
  const job = (id: string, state: Job["state"], more: Partial<Job> = {}): Job => ({
    id,
    kind: "embed",
    title: "",
    state,
    stage: "",
    done: 0,
    total: null,
    unit: "images",
    rate: null,
    seconds_left: null,
    started: null,
    ended: null,
    error: null,
    notes: [],
    again: false,
    file: null,
    options: {},
    epochs: null,
    ...more,
  });

  it("say how far they are and how long it takes", () => {
    const half = job("1", "running", { done: 412, total: 1903, rate: 305.2, seconds_left: 4.9 });
    expect(progressLine(half)).toBe("412 of 1,903 images · 305/s · 5 s left");
    expect(share(half)).toBeCloseTo(412 / 1903);
    expect(progressLine(job("1", "running", { done: 7 }))).toBe("7 images");
    expect(share(job("1", "running"))).toBeNull();
    expect(progressLine(job("1", "done", { done: 5, total: 5, rate: 9 }))).toBe("5 of 5 images");
  });

  it("stand in the order of their urgency", () => {
    const jobs = [job("4", "done"), job("3", "queued"), job("2", "running"), job("1", "failed")];
    expect(ordered(jobs).map(({ id }) => id)).toEqual(["2", "3", "4", "1"]);
    expect(jobs.map(isActive)).toEqual([false, true, true, false]);
  });

  it("are offered once more when they failed and nobody asked for them since", () => {
    const old = job("1", "failed", { title: "Learn", again: true });
    const newer = job("2", "failed", { title: "Learn", again: true });
    expect([newer, old].map((each) => offered(each, [newer, old]))).toEqual([true, false]);
    expect(offered(old, [job("3", "done", { title: "Other" }), old])).toBe(true);
    expect(offered(job("4", "failed"), [])).toBe(false);
  });
});

describe("files", () => {
  const file = (name: string, type: string): File => new File(["x"], name, { type });

  it("finds the picture among what was dropped", () => {
    const picture = file("a.png", "image/png");
    expect(firstPicture({ files: [file("a.txt", "text/plain"), picture] })).toBe(picture);
    const untyped = file("photo.HEIC", "");
    expect(firstPicture({ files: [untyped] })).toBe(untyped);
    expect(firstPicture({ files: [file("a.pdf", "application/pdf")] })).toBeNull();
    expect(firstPicture(null)).toBeNull();
    expect([bringsFiles({ types: ["Files"] }), bringsFiles({ types: ["text/plain"] })]).toEqual([true, false]);
  });
});

it("pictures are called by their title, where they have one", () => {
  expect(titleOf(fakeImage(3))).toBe(fakeImage(3).name);
  expect(titleOf({ ...fakeImage(3), properties: { title: " ", name: "The sea" } })).toBe("The sea");
});

it("terms are called by the picture's name once it is known", () => {
  expect(termTitle(imageTerm(12), () => undefined)).toBe("picture 12");
  expect(termTitle(imageTerm(12), fakeImage)).toBe(fakeImage(12).name);
  expect(termTitle({ kind: "label", value: "cats", negative: true }, fakeImage)).toBe("label cats");
});
