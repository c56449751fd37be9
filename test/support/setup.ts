/**
 * @file Runs before every test file: shims for Node 20, since tests compute on jax-js itself too, the cache, and warnings that fail
 * tests.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { addJaxShims } from "../../src/engine/trace/jax-shims.js";

addJaxShims();

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
