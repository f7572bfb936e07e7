/** What this browser remembers: not part of a view that one shares. */

export type Scheme = "auto" | "light" | "dark";

function read(name: string): string | null {
  try {
    return localStorage.getItem(`impasto.${name}`);
  } catch {
    return null; // storage is forbidden: nothing is remembered, everything else works
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`impasto.${name}`);
    else localStorage.setItem(`impasto.${name}`, value);
  } catch {
    // see read
  }
}

class Preferences {
  #rows = $state(read("rows") !== "no");
  #slots = $state.raw<readonly string[]>(slotsFrom(read("slots")));
  #tile = $state(Number(read("tile")) || 168);
  #scheme = $state<Scheme>(schemeFrom(read("scheme")));

  get tile(): number {
    return this.#tile;
  }

  set tile(side: number) {
    this.#tile = side;
    write("tile", String(side));
  }

  /** Whether pictures keep their own shapes, in rows; otherwise they lie in squares. */
  get rows(): boolean {
    return this.#rows;
  }

  set rows(rows: boolean) {
    this.#rows = rows;
    write("rows", rows ? null : "no");
  }

  /** The tags of the keys 1 to 9; empty where a key has none. */
  get slots(): readonly string[] {
    return this.#slots;
  }

  set slots(tags: readonly string[]) {
    this.#slots = tags;
    write("slots", JSON.stringify(tags));
  }

  get scheme(): Scheme {
    return this.#scheme;
  }

  set scheme(scheme: Scheme) {
    this.#scheme = scheme;
    write("scheme", scheme === "auto" ? null : scheme);
    if (scheme === "auto") delete document.documentElement.dataset["scheme"];
    else document.documentElement.dataset["scheme"] = scheme;
  }
}

function slotsFrom(text: string | null): string[] {
  try {
    const tags: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(tags) ? tags.map(String).slice(0, 9) : [];
  } catch {
    return [];
  }
}

function schemeFrom(text: string | null): Scheme {
  return text === "light" || text === "dark" ? text : "auto";
}

export const preferences = new Preferences();
