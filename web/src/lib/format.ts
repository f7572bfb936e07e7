/** Numbers as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 → "12,345". */
export function count(n: number): string {
  return whole.format(n);
}

/** A count with its noun: "1 picture", "1,903 pictures". */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A sentence's first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Bytes in steps of 1000, three digits: "512 B", "48.2 kB", "3.41 MB". */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  let value = n;
  while (value >= 999.5 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return step === 0 ? `${n} B` : `${value.toPrecision(3)} ${units[step]}`;
}

/** A similarity: always three decimals and a true minus sign, so that columns line up. */
export function similarity(value: number): string {
  return value.toFixed(3).replace("-", "−");
}

/** A share in [0, 1] with two digits and a true minus sign. */
export function share(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

/** Any number with three or four digits and a true minus sign: "1,903", "12.35", "0.0421". */
export function measured(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: size < 1 ? 3 : 4 };
  return new Intl.NumberFormat("en", digits).format(value).replace("-", "−");
}

/** A share in [0, 1] as percent: two digits near the ends, where they matter. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value > 99.995) return "> 99.99 %";
  if (value < 0.005) return "< 0.01 %";
  const digits = value >= 99.9 || value < 0.1 ? 2 : value >= 99 || value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} %`;
}

/** A percentile, rounded down: "above 99.97 %" is then never too much said. */
export function above(percentile: number): string {
  return `above ${Math.floor(percentile * 100 + 1e-9) / 100} %`;
}

/** Seconds as "8 s", "3 min 20 s", "2 h 05 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

/** A rate: one decimal below ten. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}

/** A z score: "+4.2", "−0.3". */
export function zScore(z: number): string {
  return `${z < 0 ? "−" : "+"}${Math.abs(z).toFixed(1)}`;
}

/** A property's value. */
export function property(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return String(value);
}
