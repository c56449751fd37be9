/** @file Sizes of memory as people read them; other quantities are written as in reports. */
export { formatCount, formatDuration, formatShare, formatShort } from "../report/format.js";

/** Bytes in binary units: 3 · 2³⁰ → "3.0 GiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
