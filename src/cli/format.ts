/** @file Numbers as people read them. */
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatEstimate,
  formatFixed,
  formatPower,
  formatRate,
  formatShare,
  formatShort,
  formatSignificant,
} from "../number-format.js";
