/** @file Whether images that are asked for fit into memory: said before the work, not after it. */
import { UserError } from "../../errors.js";
import { formatBytes, formatCount } from "../../number-format.js";

/** The images as bytes, and what is made of them to write them. */
const COPIES = 2;

/**
 * @param availableBytes - memory that this process may still take
 * @throws UserError when so many RGB images of this resolution do not fit
 */
export function checkImageMemory(
  count: number,
  resolution: number,
  availableBytes: number = process.availableMemory(),
): void {
  const bytes = COPIES * count * 3 * resolution ** 2;
  if (bytes <= availableBytes) return;
  throw new UserError(
    "out-of-memory",
    `Expected images that fit into memory, but ${formatCount(count)} of ${resolution}×${resolution} take ${formatBytes(bytes)} of ` +
      `the ${formatBytes(availableBytes)} there are. Draw fewer at a time, each part with a seed of its own.`,
  );
}
