/** Changing pictures: what is done can be undone, and is said with the way back beside it. */

import type { Images } from "../api/source";
import type { Change, History } from "../api/types";
import { counted } from "../lib/format";
import { studio } from "./studio.svelte";

class Editing {
  /** A change is on its way. */
  busy = $state(false);

  /** Change pictures; whether they were changed. */
  change(images: Images, change: Change): Promise<boolean> {
    return this.#run(
      () => studio().source.edit(images, change),
      ({ changed, undo }) =>
        changed && undo
          ? { text: `${undo.title}: ${counted(changed, "picture")}`, way: "undo" }
          : { text: "All of these are like that already." },
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

  async #run(
    act: () => Promise<History>,
    said: (history: History) => { text: string; way?: "undo" | "redo" },
  ): Promise<boolean> {
    const shared = studio();
    if (this.busy) return false;
    this.busy = true;
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
      this.busy = false;
    }
  }
}

export const editing = new Editing();
