/** Beside a notebook: it hears what is chosen and where one is, and can ask for something else. */

import { isSame } from "../lib/chosen";
import { parsePlace } from "../lib/hash";
import { here } from "./place.svelte";
import { studio } from "./studio.svelte";

const PAUSE = 150;

/** Follow the notebook and report to it, while the calling component is there. */
export function useSession(): void {
  const shared = studio();
  let followed = -1;
  let told: { chosen: typeof shared.chosen; view: string; version: number } | null = null;

  $effect(() => {
    const asked = shared.session;
    if (asked === null || asked.version === followed) return;
    followed = asked.version;
    if (!asked.view) return;
    const { page, params } = parsePlace(asked.view);
    here.go(page, params);
  });

  $effect(() => {
    const asked = shared.session;
    if (asked === null) return;
    const now = { chosen: shared.chosen, view: here.address, version: asked.version };
    const timer = setTimeout(() => {
      if (told && told.view === now.view && told.version === now.version && isSame(told.chosen, now.chosen)) return;
      told = now;
      shared.source.report(now.chosen, now.view, now.version).catch((error: unknown) => {
        told = null;
        shared.complain(error);
      });
    }, PAUSE);
    return () => clearTimeout(timer);
  });
}
