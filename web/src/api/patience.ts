/**
 * Requests that outlive a server that is away.
 *
 * Questions wait until it is back and are then asked again, so pages need not know: what they asked
 * for comes late. Orders ("write this", "start that") are never repeated by themselves, since the
 * server may have heard them before it went; they fail with a sentence.
 */

import { SourceError } from "./source";

export type Fetch = typeof fetch;

export interface Patience {
  /** Send a request; a question waits for a server that is away, if there ever was one. */
  ask(path: string, init: RequestInit, question: boolean): Promise<Response>;
  /** Send a request that fails at once when the server is away. */
  once(path: string, init?: RequestInit): Promise<Response>;
  /** The server is back: those who wait ask now. */
  back(): void;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 8000;

/** What a proxy says when nobody stands behind it. */
const NOBODY_THERE: readonly number[] = [502, 503, 504];

export function patience(fetch: Fetch, later: (run: () => void, milliseconds: number) => unknown): Patience {
  let met = false;
  let waiting: (() => void)[] = [];

  async function attempt(path: string, init: RequestInit): Promise<Response | null> {
    try {
      const response = await fetch(path, init);
      const ours = response.headers.get("content-type")?.includes("json") ?? false;
      if (NOBODY_THERE.includes(response.status) && !ours) return null;
      met = true;
      return response;
    } catch (error) {
      // A site says what it lacks; and who took a question back does not want it asked again.
      if (error instanceof SourceError || init.signal?.aborted) throw error;
      return null;
    }
  }

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      later(resolve, milliseconds);
    });

  return {
    async ask(path, init, question) {
      for (let wait = FIRST_WAIT; ; wait = Math.min(LONGEST_WAIT, wait * 2)) {
        const response = await attempt(path, init);
        if (response) return response;
        if (!question)
          throw new SourceError("not_done", "The server is away, so this was not done. Try again when it is back.", 0);
        if (!met) throw away();
        await pause(wait);
      }
    },
    async once(path, init = {}) {
      const response = await attempt(path, init);
      if (!response) throw away();
      return response;
    },
    back() {
      const those = waiting;
      waiting = [];
      for (const go of those) go();
    },
  };
}

function away(): SourceError {
  return new SourceError("away", "The server does not answer. Is it still running?", 0);
}
