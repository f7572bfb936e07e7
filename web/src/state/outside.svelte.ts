/** Pictures from outside become queries: by choice, by drop, by paste. */

import { roomOf } from "../lib/rooms";
import { here } from "./place.svelte";
import { studio } from "./studio.svelte";

class Outside {
  /** A picture is on its way to the server. */
  busy = $state(false);

  /** Let the user choose a file. */
  choose(): void {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.onchange = () => {
      const file = input.files?.[0];
      if (file) void this.take(file);
    };
    input.click();
  }

  /** Send a file and go where its answer is shown: the page we are on, when it takes queries. */
  async take(file: Blob): Promise<void> {
    const shared = studio();
    this.busy = true;
    try {
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
