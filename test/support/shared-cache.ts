/** @file One cache for a run of the tests, empty at first: a model that several tests train is traced once, and the emoji are packed once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @returns what is done when the tests are over; nothing where another project has made the cache */
export default function shareCache(): (() => void) | undefined {
  if (process.env.STRATA_TEST_CACHE_DIR) return undefined;
  const cache = mkdtempSync(join(tmpdir(), "strata-test-cache-"));
  process.env.STRATA_TEST_CACHE_DIR = cache;
  return () => rmSync(cache, { recursive: true, force: true });
}
