/** Follows the server: events while they come, asking now and then while they don't. */

import { SourceError } from "./source";
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
  onerror: (() => void) | null;
  addEventListener(name: string, run: (event: { data: string }) => void): void;
  close(): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
const PATIENCE = 5000;
/** The server says something every fifteen seconds; a line that is silent for longer is dead. */
const LONGEST_SILENCE = 40_000;
const POLL_EVERY = 2000;

/**
 * Open the event stream and keep it open.
 *
 * While it is broken, or silent for five seconds, ask over plain HTTP every two seconds: an answer
 * means that only events are blocked (a proxy that buffers them), none means that the server is
 * away. Meanwhile try a broken stream again, or one that fell silent, after 0.5 s, 1 s, 2 s … at most 8 s.
 */
export function follow(listener: Listener, ports: Ports): () => void {
  let wait = FIRST_WAIT;
  let stream: EventsLike | null = null;
  let round = 0; // of polling; a reply of an earlier round is stale
  let polling = false;
  let live = false;
  let cancelRetry = (): void => {};
  let cancelPatience = (): void => {};
  let cancelPoll = (): void => {};

  function open(): void {
    const mine = ports.events();
    stream = mine;
    cancelPatience = ports.later(startPolling, PATIENCE);
    function broken(): void {
      mine.close();
      cancelPatience();
      if (stream !== mine) return;
      startPolling();
      cancelRetry = ports.later(open, wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
    function hear<T>(name: string, take: (value: T) => void): void {
      mine.addEventListener(name, (event) => {
        wait = FIRST_WAIT;
        cancelPatience();
        cancelPatience = ports.later(broken, LONGEST_SILENCE);
        stopPolling();
        take(JSON.parse(event.data) as T);
      });
    }
    mine.onerror = broken;
    hear<Job[]>("jobs", (jobs) => listener.jobs(jobs));
    hear<Counts>("collection", (counts) => listener.counts(counts));
    hear<Shown>("session", (shown) => listener.session(shown));
    hear("beat", () => {});
  }

  function startPolling(): void {
    live = false;
    if (polling) return;
    polling = true;
    void poll(++round);
  }

  /** Events come: that the stream is open says little, a proxy may hold back what is in it. */
  function stopPolling(): void {
    if (live) return;
    [live, polling] = [true, false];
    round += 1;
    cancelPoll();
    listener.connection("live");
  }

  async function poll(mine: number): Promise<void> {
    try {
      const { jobs, counts } = await ports.poll();
      if (mine !== round) return;
      listener.connection("polling");
      listener.jobs(jobs);
      listener.counts(counts);
    } catch (error) {
      if (mine !== round) return;
      // A server that refuses (it wants its token) is there all the same.
      listener.connection(error instanceof SourceError && error.status > 0 ? "polling" : "away");
    }
    cancelPoll = ports.later(() => void poll(mine), POLL_EVERY);
  }

  open();
  return () => {
    const last = stream;
    stream = null;
    round += 1;
    cancelPoll();
    cancelRetry();
    cancelPatience();
    last?.close();
  };
}
