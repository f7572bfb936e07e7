/** Pictures from outside become queries: by choice, by drop, by paste. */

import { choose } from "../lib/files";
import { roomOf } from "../lib/rooms";
import { here } from "./place.svelte";
import { studio } from "./studio.svelte";

class Outside {
  /** A picture is on its way to the server. */
  busy = $state(false);

  #leads: ((file: Blob) => Promise<void>) | null = null;

  /** Let the user choose a file. */
  choose(): void {
    choose((file) => void this.take(file));
  }

  /** While a page has a use of its own for pictures from outside, they go there; returns the end. */
  leadTo(take: (file: Blob) => Promise<void>): () => void {
    this.#leads = take;
    return () => (this.#leads = null);
  }

  /** Send a file and go where its answer is shown: the page we are on, when it takes queries. */
  async take(file: Blob): Promise<void> {
    const shared = studio();
    this.busy = true;
    try {
      if (this.#leads) return await this.#leads(file);
      const { id } = await shared.source.upload(file);
      const params = new URLSearchParams([["term", `upload:${id}`]]);
      for (const name of ["space", "model"]) {
        const value = here.params.get(name);
        if (value !== null) params.set(name, value);
      }
      here.go(roomOf(here.page).asks ? here.page : "neighbours", params);
    } catch (error) {
      shared.complain(error);
    } finally {
      this.busy = false;
    }
  }
}

export const outside = new Outside();
