/** Changing pictures: what is done can be undone, and is said with the way back beside it. */

import type { Images } from "../api/source";
import type { Change, History } from "../api/types";
import { counted } from "../lib/format";
import { studio } from "./studio.svelte";

type Said = (history: History) => { text: string; way?: "undo" | "redo" };

class Editing {
  #waiting = $state(0);
  #last: Promise<unknown> = Promise.resolve();

  /** A change is on its way. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Change pictures; whether they were changed. */
  change(images: Images, change: Change): Promise<boolean> {
    return this.carry(() => studio().source.edit(images, change), "All of these are like that already.");
  }

  /** Carry out any edit; `same` is said when nothing changed. */
  carry(act: () => Promise<History>, same: string): Promise<boolean> {
    return this.#run(act, ({ changed, undo }) =>
      changed && undo
        ? { text: `${undo.title}: ${counted(changed, "picture")}`, way: "undo" }
        : { text: same },
    );
  }

  undo(): Promise<boolean> {
    return this.#run(
      () => studio().source.undo(),
      ({ redo }) => ({ text: `Undone: ${redo?.title ?? ""}`, way: "redo" }),
    );
  }

  redo(): Promise<boolean> {
    return this.#run(
      () => studio().source.redo(),
      ({ undo, changed }) => ({
        text: `${undo?.title ?? ""}: ${counted(changed, "picture")}`,
        way: "undo",
      }),
    );
  }

  /** One after the other, in the order of the keys: none is lost, however fast they come. */
  #run(act: () => Promise<History>, said: Said): Promise<boolean> {
    this.#waiting += 1;
    const run = this.#last.then(() => this.#now(act, said));
    this.#last = run;
    return run;
  }

  async #now(act: () => Promise<History>, said: Said): Promise<boolean> {
    const shared = studio();
    try {
      const { text, way } = said(await act());
      shared.withdraw();
      const offers = {
        undo: { title: "Undo", run: () => void this.undo() },
        redo: { title: "Redo", run: () => void this.redo() },
      };
      shared.say(text, way && offers[way]);
      shared.cards.renew();
      await shared.refresh();
      return way !== undefined;
    } catch (error) {
      shared.complain(error);
      return false;
    } finally {
      this.#waiting -= 1;
    }
  }
}

export const editing = new Editing();
