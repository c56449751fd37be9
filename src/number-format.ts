/**
 * @file Numbers as people read them: English whatever the machine's locale, no more digits than tell something, and never the
 * `1.3e+2` of `toPrecision`. What is not finite is a dash.
 */

const DASH = "–";

/** From here on digits are no longer counted: 10¹⁵. */
const HUGE = 1e15;

/** 45365958 → "45,365,958"; 1.2e30 → "1.2 · 10³⁰". */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  return Math.abs(value) < HUGE ? Math.round(value).toLocaleString("en-US") : formatPower(value);
}

/** 45365958 → "45.4 M", 812000 → "812 k", 950 → "950". */
export function formatShort(value: number): string {
  if (!(value >= 9_999.5) || value >= HUGE) return formatCount(value);
  const units = ["k", "M", "G", "T"];
  const [scaled, unit] = inUnits(value / 1000, 1000, units);
  return `${oneDecimal(scaled)} ${unit}`;
}

/** Bytes in binary units: 1023 → "1023 B", 3 · 2³⁰ → "3.0 GiB", 700 · 2²⁰ → "700 MiB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return DASH;
  const [scaled, unit] = inUnits(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
  return `${unit === "B" ? Math.round(scaled) : oneDecimal(scaled)} ${unit}`;
}

/** How many of something a second: 134.2 images → "134 images/s", 0.0123 → "0.012 images/s", 12345 → "12,345 images/s". */
export function formatRate(perSecond: number, unit = ""): string {
  const separated = unit === "" ? "" : ` ${unit}`;
  const digits =
    Math.abs(perSecond) >= 99.95 ? 0 : Math.abs(perSecond) >= 9.995 ? 1 : Math.abs(perSecond) >= 0.995 ? 2 : 3;
  const rounded = digits === 0 ? formatCount(perSecond) : formatFixed(perSecond, digits);
  return `${rounded}${separated}/s`;
}

/** An estimate, two digits that count: 134 → "130", 1340 → "1,300", 0.0823 → "0.082". */
export function formatEstimate(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  return Math.abs(value) >= 10 ? formatCount(Number(value.toPrecision(2))) : formatSignificant(value, 2);
}

/** With `digits` decimals. */
export function formatFixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return DASH;
  return Math.abs(value) < HUGE ? value.toFixed(digits) : formatPower(value);
}

/**
 * So many digits that count, and never less than the whole number: 37.04 → "37.0", 1234.5 → "1235", 0.4912 → "0.491",
 * 4e-9 → "4.0 · 10⁻⁹".
 */
export function formatSignificant(value: number, digits = 3): string {
  const tiny = value !== 0 && Math.abs(value) < 5e-7;
  return tiny ? formatPower(value) : formatFixed(value, decimalsOf(value, digits));
}

/** Decimals that show so many digits that count, at most 6. */
export function decimalsOf(value: number, digits = 3): number {
  const leading = Math.floor(Math.log10(Math.abs(value) || 1));
  return Math.min(Math.max(digits - 1 - leading, 0), 6);
}

/** Two digits and a power of ten, for what is far from 1: 1.2e-7 → "1.2 · 10⁻⁷"; 0 → "0". */
export function formatPower(value: number): string {
  if (!Number.isFinite(value)) return DASH;
  if (value === 0) return "0";
  const [factor, power] = value.toExponential(1).split("e");
  const raised = String(Number(power)).replace(/[-\d]/g, (digit) => SUPERSCRIPT[digit]);
  return `${factor} · 10${raised}`;
}

const SUPERSCRIPT: Record<string, string> = {
  ...{ "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴" },
  ...{ "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" },
};

/** 0.0123 → "1.2 %"; only the whole is 100 %, and only nothing is 0 %. */
export function formatShare(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(value >= 0.0995 ? 0 : 1)} %` : DASH;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

/** 0.0123 → "12 ms", 4.2 → "4.2 s", 588 → "9 min 48 s", 5025 → "1 h 24 min", 432000 → "5 days", 10⁸ → "3.2 years". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return DASH;
  if (seconds < 0.05) return seconds > 0 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : "0 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  if (seconds < 2 * YEAR) return `${formatCount(seconds / DAY)} days`;
  return `${seconds < 10 * YEAR ? formatFixed(seconds / YEAR, 1) : formatCount(seconds / YEAR)} years`;
}

/** A value in the unit in which it is at least 1 and, as it will be rounded, below `base`. */
function inUnits(value: number, base: number, units: readonly string[]): [scaled: number, unit: string] {
  let [scaled, index] = [value, 0];
  while (Math.abs(scaled) >= base - 0.5 && index < units.length - 1) [scaled, index] = [scaled / base, index + 1];
  return [scaled, units[index]];
}

const oneDecimal = (value: number): string => formatFixed(value, Math.abs(value) >= 99.95 ? 0 : 1);

/** nats / (3 · resolution² · ln 2). */
export function bitsPerDim(nats: number, resolution: number): number {
  return nats / (3 * resolution ** 2 * Math.LN2);
}
