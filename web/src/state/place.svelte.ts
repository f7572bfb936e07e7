/** The current place, kept in step with the URL's hash. */

import { formatPlace, parsePlace, type Page } from "../lib/hash";

class Here {
  #place = $state.raw(parsePlace(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.#place = parsePlace(location.hash)));
  }

  get page(): Page {
    return this.#place.page;
  }

  get params(): URLSearchParams {
    return this.#place.params;
  }

  /** The address behind `#/`. */
  get address(): string {
    return formatPlace(this.page, this.params).replace(/^#\//, "");
  }

  /** Go somewhere; `replace` leaves no step to go back to (while typing, say). */
  go(page: Page, params = new URLSearchParams(), replace = false): void {
    const hash = formatPlace(page, params);
    if (hash === formatPlace(this.page, this.params) && location.hash) return;
    if (replace) {
      history.replaceState(null, "", hash);
      this.#place = parsePlace(hash);
    } else {
      location.hash = hash;
      this.#place = parsePlace(hash);
    }
  }

  /** The same place with some parameters changed; null takes one away. */
  with(changes: Record<string, string | null>, replace = false): void {
    const params = new URLSearchParams(this.params);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) params.delete(name);
      else params.set(name, value);
    }
    this.go(this.page, params, replace);
  }
}

export const here = new Here();
