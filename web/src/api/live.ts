/** Follows the server: events while they come, asking now and then while they don't. */

import type { Counts, Job, Shown } from "./types";

export type Connection = "live" | "polling" | "away";

export interface Listener {
  jobs(jobs: Job[]): void;
  counts(counts: Counts): void;
  connection(state: Connection): void;
  /** A notebook listens, and wants this to be shown. */
  session(shown: Shown): void;
}

/** What of the outside world is needed: injected, so that tests need no server and no clock. */
export interface Ports {
  events(): EventsLike;
  poll(): Promise<{ jobs: Job[]; counts: Counts }>;
  later(run: () => void, milliseconds: number): () => void;
}

export interface EventsLike {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener(name: string, run: (event: { data: string }) => void): void;
  close(): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
const PATIENCE = 5000;
const POLL_EVERY = 2000;

/**
 * Open the event stream and keep it open.
 *
 * While it is broken, or silent for five seconds, ask over plain HTTP every two seconds: an answer
 * means that only events are blocked (a proxy that buffers them), none means that the server is
 * away. Meanwhile try a broken stream again after 0.5 s, 1 s, 2 s … at most 8 s.
 */
export function follow(listener: Listener, ports: Ports): () => void {
  let wait = FIRST_WAIT;
  let stream: EventsLike | null = null;
  let round = 0; // of polling; a reply of an earlier round is stale
  let polling = false;
  let cancelRetry = (): void => {};
  let cancelPatience = (): void => {};
  let cancelPoll = (): void => {};

  function open(): void {
    const mine = ports.events();
    stream = mine;
    cancelPatience = ports.later(startPolling, PATIENCE);
    mine.onopen = () => {
      wait = FIRST_WAIT;
      cancelPatience();
      stopPolling();
      listener.connection("live");
    };
    mine.onerror = () => {
      mine.close();
      cancelPatience();
      if (stream !== mine) return;
      startPolling();
      cancelRetry = ports.later(open, wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    };
    mine.addEventListener("jobs", (event) => listener.jobs(JSON.parse(event.data) as Job[]));
    mine.addEventListener("collection", (event) =>
      listener.counts(JSON.parse(event.data) as Counts),
    );
    mine.addEventListener("session", (event) =>
      listener.session(JSON.parse(event.data) as Shown),
    );
  }

  function startPolling(): void {
    if (polling) return;
    polling = true;
    void poll(++round);
  }

  function stopPolling(): void {
    polling = false;
    round += 1;
    cancelPoll();
  }

  async function poll(mine: number): Promise<void> {
    try {
      const { jobs, counts } = await ports.poll();
      if (mine !== round) return;
      listener.connection("polling");
      listener.jobs(jobs);
      listener.counts(counts);
    } catch {
      if (mine !== round) return;
      listener.connection("away");
    }
    cancelPoll = ports.later(() => void poll(mine), POLL_EVERY);
  }

  open();
  return () => {
    const last = stream;
    stream = null;
    stopPolling();
    cancelRetry();
    cancelPatience();
    last?.close();
  };
}
