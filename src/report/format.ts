/** @file Numbers as people read them. Always English, so that a report does not depend on the machine's locale. */

/** 45365958 → "45,365,958"; not finite → "–". */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

/** 45365958 → "45.4 M", 812000 → "812 k", 950 → "950". */
export function formatShort(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 999_950_000) return `${significant(value / 1e9)} G`;
  if (value >= 999_950) return `${significant(value / 1e6)} M`;
  if (value >= 9_999.5) return `${significant(value / 1e3)} k`;
  return formatCount(value);
}

function significant(value: number): string {
  return value.toFixed(value >= 99.95 ? 0 : 1);
}

/** With `digits` decimals; not finite → "–". */
export function formatFixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** Three digits that count, and never less than the whole number: 37.04 → "37.0", 1234.5 → "1235", 0.4912 → "0.491"; not finite → "–". */
export function formatSignificant(value: number): string {
  return formatFixed(value, decimalsOf(value));
}

/** A mean, and after it the standard deviation with as many decimals, where there is one: "37.0 ± 0.3". */
export function formatSpread({ value, deviation }: Spread, between = " "): string {
  const mean = formatSignificant(value);
  return deviation === undefined ? mean : `${mean}${between}± ${formatFixed(deviation, decimalsOf(value))}`;
}

/** Decimals that show three digits that count, at most 6. */
function decimalsOf(value: number): number {
  const leading = Math.floor(Math.log10(Math.abs(value) || 1));
  return Math.min(Math.max(2 - leading, 0), 6);
}

/** 0.0123 → "1.2 %". */
export function formatShare(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(value >= 0.0995 ? 0 : 1)} %` : "–";
}

/** 588 → "9 min 48 s", 5025 → "1 h 24 min", 4.2 → "4.2 s", 432000 → "5 days". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes >= 48 * 60) return `${formatCount(seconds / 86_400)} days`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number that was measured once, or the mean of several. */
export interface Spread {
  value: number;
  /** Standard deviation, where there were several. */
  deviation?: number;
}

/** Mean and standard deviation (divisor n − 1); undefined of none, or where one is not finite. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const value = mean(values);
  if (values.length === 1) return { value };
  const squares = values.map((each) => (each - value) ** 2);
  return { value, deviation: Math.sqrt((mean(squares) * values.length) / (values.length - 1)) };
}
