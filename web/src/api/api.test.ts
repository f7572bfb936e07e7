import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { generate } from "../../scripts/types.mjs";
import { imageTerm, type Term } from "../lib/terms";
import { EVERYTHING } from "../lib/view";
import { fakeSource } from "./fake";
import schema from "./schema.ts?raw";
import { follow, type Connection, type EventsLike, type Ports } from "./live";
import { serverSource } from "./server";
import { sentence, SourceError } from "./source";
import type { Counts, Job, Shown } from "./types";

it("the types are those of the schema (npm run types)", async () => {
  expect(schema).toBe(await generate());
});

describe("the server as a source", () => {
  const answering = (body: BodyInit, status = 200) =>
    vi.fn((_path: RequestInfo | URL, _init?: RequestInit) => Promise.resolve(new Response(body, { status })));

  it("asks by relative addresses", async () => {
    const ask = answering(new Int32Array([5, 3]));
    const ids = await serverSource(ask).order({ ...EVERYTHING, labels: ["a b"], tags: ["x", "y"] });
    expect([...ids]).toEqual([5, 3]);
    expect(ask.mock.calls[0]?.[0]).toBe("api/order?label=a+b&tag=x&tag=y");
  });

  it("writes queries as terms", async () => {
    const ask = answering("{}");
    const terms = [imageTerm(12), imageTerm(15, true)];
    await serverSource(ask).neighbours({ space: "s/1", terms }, 120, 240);
    expect(ask.mock.calls[0]?.[0]).toBe(
      "api/neighbours?space=s%2F1&term=image%3A12&term=-image%3A15&offset=120&k=240",
    );
  });

  it("passes on what the server says went wrong", async () => {
    const body = JSON.stringify({ error: { kind: "not-found", message: "There is no image 7." } });
    const refused = serverSource(answering(body, 404)).cards([7]);
    await expect(refused).rejects.toMatchObject({ kind: "not-found", status: 404, message: "There is no image 7." });
  });

  it("sends a picture from outside again when the server forgot it", async () => {
    const asked: string[] = [];
    let forgets = true;
    const source = serverSource((input) => {
      const path = input as string;
      asked.push(path.split("?")[0] ?? "");
      if (path === "api/uploads") {
        forgets = asked.length === 1; // it is started anew after the first time
        return Promise.resolve(Response.json({ id: "ab12" }));
      }
      const missing = { error: { kind: "not_found", message: "Gone." } };
      return Promise.resolve(forgets ? Response.json(missing, { status: 404 }) : Response.json({ total: 7 }));
    });
    const { id } = await source.upload(new Blob(["x"]));
    const terms: Term[] = [{ kind: "upload", value: id, negative: false }];
    expect((await source.neighbours({ space: null, terms }, 0, 5)).total).toBe(7);
    expect(asked).toEqual(["api/uploads", "api/neighbours", "api/uploads", "api/neighbours"]);
    forgets = true;
    await expect(source.neighbours({ space: null, terms: [imageTerm(1)] }, 0, 5)).rejects.toThrow("Gone.");
  });

  it("has a sentence for a proxy's page and for silence", async () => {
    const proxy = serverSource(answering("<html>", 413)).collection();
    await expect(proxy).rejects.toThrow("The server answered 413");
    const away = serverSource(() => Promise.reject(new TypeError("x"))).collection();
    await expect(away).rejects.toMatchObject({ status: 0 });
    expect(sentence(new SourceError("k", "One sentence.", 400))).toBe("One sentence.");
    expect(sentence("text")).toBe("text");
  });
});

describe("following the server", () => {
  class Stream implements EventsLike {
    onerror: (() => void) | null = null;
    closed = false;
    readonly on = new Map<string, (event: { data: string }) => void>();
    addEventListener(name: string, run: (event: { data: string }) => void): void {
      this.on.set(name, run);
    }
    close(): void {
      this.closed = true;
    }
  }

  const beat = (stream: Stream | undefined): void => stream?.on.get("beat")?.({ data: "{}" });
  const counts: Counts = { images: 3, usable: 2, unread: 1, rows: {}, state: 1 };
  let streams: Stream[];
  let states: Connection[];
  let seen: (Job[] | Counts)[];
  let asked: Shown[];
  let up: boolean;
  let refusal: SourceError | null;
  let polls: number;
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    [streams, states, seen, asked, up, polls, refusal] = [[], [], [], [], true, 0, null];
    const ports: Ports = {
      events: () => {
        const stream = new Stream();
        streams.push(stream);
        return stream;
      },
      poll: () => {
        polls += 1;
        if (refusal) return Promise.reject(refusal);
        return up ? Promise.resolve({ jobs: [], counts }) : Promise.reject(new Error("away"));
      },
      later: (run, milliseconds) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
    };
    stop = follow(
      {
        jobs: (jobs) => seen.push(jobs),
        counts: (each) => seen.push(each),
        connection: (state) => states.push(state),
        session: (shown) => asked.push(shown),
      },
      ports,
    );
  });

  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("hands on what a notebook wants to be shown", () => {
    const shown = { selected: [3, 1], view: "browse", version: 2 };
    streams[0]?.on.get("session")?.({ data: JSON.stringify(shown) });
    expect(asked).toEqual([shown]);
  });

  it("hands on events and asks nothing while they come", async () => {
    streams[0]?.on.get("collection")?.({ data: JSON.stringify(counts) });
    streams[0]?.on.get("jobs")?.({ data: "[]" });
    for (let i = 0; i < 4; i += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      beat(streams[0]);
    }
    expect(states).toEqual(["live"]);
    expect(seen).toEqual([counts, []]);
    expect(polls).toBe(0);
  });

  it("polls while only the events are blocked, and stops when they come", async () => {
    streams[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(states).toEqual(["polling"]);
    await vi.advanceTimersByTimeAsync(4100);
    expect(polls).toBe(3);
    beat(streams.at(-1));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(states.at(-1)).toBe("live");
    expect(polls).toBe(3);
  });

  it("polls when a proxy swallows the events without a word", async () => {
    await vi.advanceTimersByTimeAsync(5100);
    expect(states).toEqual(["polling"]);
    expect(streams).toHaveLength(1);
  });

  it("takes a line that fell silent for a broken one", async () => {
    beat(streams[0]);
    await vi.advanceTimersByTimeAsync(41_000);
    expect(streams[0]?.closed).toBe(true);
    expect(streams).toHaveLength(2);
    expect(states).toEqual(["live", "polling"]);
    beat(streams[1]);
    expect(states.at(-1)).toBe("live");
  });

  it("takes a refusal for a sign of life", async () => {
    refusal = new SourceError("unauthorised", "It wants its token.", 401);
    streams[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(10);
    expect(states).toEqual(["polling"]);
    refusal = new SourceError("away", "Nobody.", 0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(states.at(-1)).toBe("away");
  });

  it("says that the server is away, tries ever more slowly, and comes back by itself", async () => {
    beat(streams[0]);
    up = false;
    for (let i = 0; i < 6; i += 1) {
      streams.at(-1)?.onerror?.();
      await vi.advanceTimersByTimeAsync(8000);
    }
    expect(states.slice(0, 2)).toEqual(["live", "away"]);
    expect(streams).toHaveLength(7);
    up = true;
    beat(streams.at(-1));
    expect(states.at(-1)).toBe("live");
    expect(streams.slice(0, -1).every((stream) => stream.closed)).toBe(true);
  });

  it("is quiet after it was stopped", async () => {
    stop();
    expect(streams[0]?.closed).toBe(true);
    streams[0]?.onerror?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([streams.length, polls]).toEqual([1, 0]);
  });
});

describe("the fake source", () => {
  it("keeps the promises of the interface", async () => {
    const source = fakeSource(2000);
    const ids = await source.order({ ...EVERYTHING, labels: ["food"], text: "moon" });
    const cards = await source.cards([...ids].slice(0, 50));
    expect(cards.length).toBeGreaterThan(5);
    expect(cards.every(({ label, tags }) => label === "food" && tags.includes("moon"))).toBe(true);
    const query = { space: null, terms: [imageTerm(5)] };
    const all = await source.distribution(query, 200);
    expect(all.counts.reduce((sum, n) => sum + n, 0)).toBe(all.total);
    const near = await source.neighbours(query, 0, 10);
    const best = near.neighbours[0]?.similarity ?? 0;
    const [first] = await source.between(query, best - 1e-9, 1);
    expect(first).toBe(near.neighbours[0]?.id);
  });
});
