/** @file Quantities as people read them in a terminal. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 45365958 → "45,365,958". */
export const formatCount = (count: number): string => WHOLE.format(count);

/** Three significant digits with a metric prefix: 45365958 → "45.4 M", 812 → "812". */
export function formatShort(value: number): string {
  const prefixes = ["", " k", " M", " G", " T"];
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), prefixes.length - 1);
  return `${Number((value / 1000 ** power).toPrecision(3))}${prefixes[power]}`;
}

/** Bytes in binary units: 3 · 2³⁰ → "3.0 GiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** The two largest units of a duration: 3700 → "1 h 1 min", 65 → "1 min 5 s", 4.21 → "4.2 s". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A share as a percentage with one decimal: 0.667 → "66.7 %". */
export const formatPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;
