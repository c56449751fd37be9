/** @file The packed package as package managers and TypeScript see it: publint and Are the Types Wrong find nothing. */
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { pack } from "../support/packed.js";

const folder = temporaryFolder();
let tarball: Uint8Array<ArrayBuffer>;

beforeAll(() => {
  tarball = new Uint8Array(readFileSync(pack(folder)));
});

test("publint has no errors, warnings or suggestions", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([]);
});

test("every entry point has types wherever it can be imported", async () => {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (!result.types) throw new Error("The package has no types.");
  const problems = result.problems.filter(
    (problem) =>
      // Node has required ES modules since 20.19, which TypeScript knows as `nodenext`; the tool's Node 16 had not.
      problem.kind !== "CJSResolvesToESM" &&
      // TypeScript's old resolution (`node10`) reads no `exports`: docs/installing.md leaves it out.
      !("resolutionKind" in problem && problem.resolutionKind === "node10"),
  );
  expect(problems).toEqual([]);
});
