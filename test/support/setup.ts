/** @file Runs before every test file: shims for Node 20, and warnings that fail tests. */
import "../../src/polyfill.js";
import { afterAll, beforeAll, expect } from "vitest";

const warnings: string[] = [];
const record = (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`);

beforeAll(() => {
  process.on("warning", record);
});

afterAll(() => {
  process.off("warning", record);
  expect(warnings, "warnings emitted while the tests ran").toEqual([]);
});
