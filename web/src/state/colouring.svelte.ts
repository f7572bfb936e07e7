/** What the pictures of a map are coloured by, fetched as often as it changes. */

import type { Values } from "../api/types";
import { latest } from "../lib/latest";
import { studio } from "./studio.svelte";

export class Colouring {
  values = $state.raw<Values | null>(null);
  /** One number for each point, as `values` says. */
  data = $state.raw<Int32Array | Float32Array | null>(null);
  /** What it could not be coloured by. */
  failed = $state<string | null>(null);

  /** Follow what is asked (null: nothing) and of which map, while the calling component is there. */
  constructor(asked: () => { readonly by: string; readonly map: string } | null) {
    const shared = studio();
    const source = shared.source.maps;
    const told = latest(async (by: string, map: string) => {
      const values = await source.values(by, map);
      return { values, data: await source.data(values, map) };
    });

    $effect(() => {
      void shared.revision;
      const wanted = asked();
      if (wanted === null) {
        this.forget();
        return;
      }
      told(wanted.by, wanted.map).then(
        (reply) => {
          if (reply) [this.values, this.data] = [reply.value.values, reply.value.data];
        },
        (error: unknown) => {
          this.forget();
          this.failed = wanted.by;
          shared.complain(error);
        },
      );
    });
  }

  /** The numbers are those of other points. */
  forget(): void {
    [this.values, this.data] = [null, null];
  }
}
