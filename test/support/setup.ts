/** @file Runs before every test file: shims for Node 20, the cache, and warnings that fail tests. */
import "../../src/polyfill.js";
import { afterAll, beforeAll, expect } from "vitest";

// Never the one in the home folder; the unit tests have none.
process.env.STRATA_CACHE_DIR = process.env.STRATA_TEST_CACHE_DIR ?? "";

const warnings: string[] = [];
const record = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);

beforeAll(() => {
  process.on("warning", record);
});

afterAll(() => {
  process.off("warning", record);
  expect(warnings, "warnings emitted while the tests ran").toEqual([]);
});
