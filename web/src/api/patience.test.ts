import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patience, type Patience } from "./patience";

describe("patience", () => {
  let up: boolean;
  let asked: string[];
  let status: number;
  let type: string;
  let patient: Patience;

  beforeEach(() => {
    vi.useFakeTimers();
    [up, asked, status, type] = [true, [], 200, "application/json"];
    patient = patience((path) => {
      asked.push(path as string);
      const response = new Response("{}", { status, headers: { "Content-Type": type } });
      return up ? Promise.resolve(response) : Promise.reject(new TypeError("x"));
    }, setTimeout);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function metThenAway(): Promise<void> {
    await patient.ask("first", {}, true);
    up = false;
  }

  it("lets a question wait and asks it when the server is back", async () => {
    await metThenAway();
    const answer = patient.ask("order", {}, true);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked).toEqual(["first", "order"]);
    up = true;
    patient.back();
    expect((await answer).ok).toBe(true);
    expect(asked).toEqual(["first", "order", "order"]);
  });

  it("also asks by itself, ever more slowly", async () => {
    await metThenAway();
    const answer = patient.ask("order", {}, true);
    await vi.advanceTimersByTimeAsync(16_500); // after 1, 2, 4 and 8 seconds
    expect(asked).toHaveLength(6);
    up = true;
    await vi.advanceTimersByTimeAsync(8000);
    expect((await answer).ok).toBe(true);
  });

  it("takes a proxy with nobody behind it for an absence, but not our own errors", async () => {
    await patient.ask("first", {}, true);
    [status, type] = [502, "text/html"];
    const answer = patient.ask("order", {}, true);
    await vi.advanceTimersByTimeAsync(10);
    status = 200;
    patient.back();
    expect((await answer).ok).toBe(true);
    [status, type] = [503, "application/json"];
    expect((await patient.ask("order", {}, true)).status).toBe(503);
  });

  it("never repeats an order, and says that it was not done", async () => {
    await metThenAway();
    await expect(patient.ask("jobs", { method: "POST" }, false)).rejects.toMatchObject({ kind: "not_done", status: 0 });
    up = true;
    patient.back();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual(["first", "jobs"]);
  });

  it("does not ask again what was taken back", async () => {
    await metThenAway();
    const stop = new AbortController();
    const answer = patient.ask("sprites", { signal: stop.signal }, true);
    const refused = expect(answer).rejects.toThrow("x");
    await vi.advanceTimersByTimeAsync(10);
    stop.abort();
    await vi.advanceTimersByTimeAsync(1000);
    await refused;
    expect(asked).toHaveLength(3);
  });

  it("does not wait for a server that was never there", async () => {
    up = false;
    await expect(patient.ask("collection", {}, true)).rejects.toMatchObject({ kind: "away" });
    await expect(patient.once("collection")).rejects.toMatchObject({ kind: "away" });
  });
});
