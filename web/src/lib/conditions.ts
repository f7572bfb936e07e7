/** Conditions on properties and numbers, written as the API reads them. */

export interface Between {
  /** `size`, `width`, `height`, `aspect`, `pixels` or `property:NAME`. */
  readonly key: string;
  /** Both included; null: no limit. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Read `width=100..500`; null for what is no range (a hand-edited address). */
export function parseBetween(text: string): Between | null {
  const match = /^(.+)=([^=]*?)\.\.([^=]*)$/su.exec(text);
  if (!match) return null;
  const [low, high] = [match[2], match[3]].map((limit) => (limit ? Number(limit) : null));
  if (Number.isNaN(low) || Number.isNaN(high)) return null;
  return { key: match[1] ?? "", low: low ?? null, high: high ?? null };
}

export function formatBetween({ key, low, high }: Between): string {
  return `${key}=${low ?? ""}..${high ?? ""}`;
}

/** The limits of one number among the ranges of a view. */
export function betweenOf(ranges: readonly string[], key: string): Between | null {
  return ranges.map(parseBetween).find((range) => range?.key === key) ?? null;
}

/** Set the limits of one number, or take them away. */
export function withBetween(
  ranges: readonly string[],
  key: string,
  limits: Omit<Between, "key"> | null,
): string[] {
  const others = ranges.filter((range) => parseBetween(range)?.key !== key);
  return limits === null ? others : [...others, formatBetween({ key, ...limits })];
}

/** Write `NAME=VALUE`, where a name may have an equals sign of its own. */
export function formatValue(name: string, value: string): string {
  return `${name.replaceAll("%", "%25").replaceAll("=", "%3D")}=${value}`;
}

export function parseValue(text: string): { name: string; value: string } | null {
  const at = text.indexOf("=");
  if (at < 1) return null;
  const name = text.slice(0, at).replaceAll("%3D", "=").replaceAll("%25", "%");
  return { name, value: text.slice(at + 1) };
}

/** The values asked of one property. */
export function valuesOf(values: readonly string[], name: string): string[] {
  return values.map(parseValue).flatMap((one) => (one?.name === name ? [one.value] : []));
}

/** Ask for one value more of a property, any of which will do; asking again takes it away. */
export function toggleValue(values: readonly string[], name: string, value: string): string[] {
  const others = values.filter((text) => {
    const one = parseValue(text);
    return one?.name !== name || one.value !== value;
  });
  return others.length < values.length ? others : [...values, formatValue(name, value)];
}

/** Ask nothing of a property any more. */
export function withoutValues(values: readonly string[], name: string): string[] {
  return values.filter((text) => parseValue(text)?.name !== name);
}

/** What is asked of each property: one of these values. */
export function anyOf(asked: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const text of asked) {
    const one = parseValue(text); // what can't be read, none has
    const values = found.get(one?.name ?? "") ?? new Set<string>();
    found.set(one?.name ?? "", one ? values.add(one.value) : values);
  }
  return found;
}
