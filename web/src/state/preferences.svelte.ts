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
  #tile = $state(Number(read("tile")) || 168);
  #scheme = $state<Scheme>(schemeFrom(read("scheme")));

  get tile(): number {
    return this.#tile;
  }

  set tile(side: number) {
    this.#tile = side;
    write("tile", String(side));
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

function schemeFrom(text: string | null): Scheme {
  return text === "light" || text === "dark" ? text : "auto";
}

export const preferences = new Preferences();
