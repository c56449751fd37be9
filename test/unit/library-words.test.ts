/** @file The library speaks of its own options: flags and commands are the command line's, and its errors name every code. */
import { readdirSync, readFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { expect, test } from "vitest";
import { flags } from "../../src/cli/advice.js";
import { errorCodes } from "../../src/errors.js";

const sources = new URL("../../src/", import.meta.url);

/** Text for the readers of a file that others get: it has commands to copy, whoever writes it. */
const ADVICE_TO_READERS = "sharing/card-usage.ts";

/** Statements of src without comments, by file. */
const files = new Map(
  readdirSync(sources, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => [path, withoutComments(readFileSync(new URL(path, sources), "utf8"))]),
);
const library = [...files].filter(([path]) => !path.startsWith("cli/") && path !== ADVICE_TO_READERS);

/** esbuild prints a program anew, and comments are no part of it. */
function withoutComments(source: string): string {
  return transformSync(source, { loader: "ts", target: "esnext", charset: "utf8", legalComments: "none" }).code;
}

/** What looks like a flag and is none of the command line's, and why. */
const NOT_OURS: Record<string, string> = {
  "thread.ts: --external": "esbuild's own",
  "engine/device-test/verdict.ts: --import": "Node's own",
  "engine/pjrt/explain.ts: --no-deps": "pip's own",
  "engine/pjrt/explain.ts: --target": "pip's own",
  "ranks/launcher.ts: --mpi": "srun's own",
  "io/python/python-module.ts: --open": "a variable that is decreased",
};

/** Custom properties of CSS in pages and drawings: --ink is defined before a colon, used in var(…). */
const CSS = /var\(--[a-z]+|--[a-z]+:#[0-9a-f]+/g;

const mentions = (code: string): string[] => {
  const text = code.replaceAll(CSS, "");
  return [
    ...[...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag),
    ...[...text.matchAll(/(?<![\w./-])strata [a-z]+/g)].map(([command]) => command),
  ];
};

test("no file outside the command line speaks of flags or commands", () => {
  const found = library.flatMap(([path, code]) => mentions(code).map((word) => `${path}: ${word}`));
  expect(found.filter((each) => !(each in NOT_OURS))).toEqual([]);
  expect([...new Set(found)].sort()).toEqual(Object.keys(NOT_OURS).sort()); // none is allowed for nothing
});

test("a flag and a command are found, comments and styles are not", () => {
  const code = withoutComments(`
    /** As --layout says. */
    const advice = "give --layout flat, or run \`strata fetch inception\`"; // with --resume
    const style = "color: var(--ink)";
  `);
  expect(mentions(code)).toEqual(["--layout", "strata fetch"]);
});

test("every code of errors is used, and the command line has a flag for every option that it translates", () => {
  const all = [...files].filter(([path]) => path !== "errors.ts").map(([, code]) => code);
  expect(Object.keys(errorCodes).filter((code) => !all.some((text) => text.includes(`"${code}"`)))).toEqual([]);
  const isNamed = (option: string) => library.some(([, code]) => new RegExp(`\`${option}\\\\?[\`:]`).test(code));
  expect(Object.keys(flags).filter((option) => !isNamed(option))).toEqual([]);
});

test("docs/errors.md lists every code with what it means", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(rows).toEqual(Object.entries(errorCodes));
});
