/** @file Links in the documents lead somewhere: files, headings, pictures, and the paths of source files that the text names. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folders = ["bench", "datasets", "docs", "examples", "experiments", "pretrained", "scripts", "src", "test"];

/** Every file below a folder of the repository, as a path from its root. */
const filesBelow = (folder: string): string[] =>
  readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));

const files = folders.filter((folder) => existsSync(join(repository, folder))).flatMap(filesBelow);
const pages = [
  ...readdirSync(repository).filter((name) => name.endsWith(".md")),
  ...files.filter((path) => path.startsWith("docs/") && path.endsWith(".md") && !path.includes("node_modules")),
];

/** Names that stand for any file, or for one of the reader's. Files that a page gives whole, for the reader to write, are known by it. */
const PLACEHOLDERS = new Set(["kebab-case.ts", "draw.mjs"]);

/** A page without its programs. */
const prose = (page: string) => readFileSync(join(repository, page), "utf8").replace(/^```[\s\S]*?^```/gm, "");

/** The anchors that GitHub gives to the headings of a page: repeated ones are numbered. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose(page).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number++) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

/** What is wrong with a link of a page, or nothing. */
function problemOf(page: string, target: string): string | undefined {
  const [path, anchor] = target.split("#");
  const file = path === "" ? page : relative(repository, join(repository, dirname(page), decodeURI(path)));
  if (file.startsWith("..")) return `${target} leaves the repository`;
  if (!existsSync(join(repository, file))) return `${target} is not there`;
  if (anchor === undefined) return undefined;
  if (!file.endsWith(".md") || statSync(join(repository, file)).isDirectory()) return `${target} has no headings`;
  return anchorsOf(file).has(anchor) ? undefined : `${target}: no such heading`;
}

/** Whether a path that the text names is that of a file: from the root, or the end of one. `*` stands for any name. */
function isThere(path: string): boolean {
  const pattern = path.replace(/[.+]/g, "\\$&").replaceAll("*", "[^/]*").replace(/\/$/, "");
  return files.some((file) => new RegExp(`(^|/)${pattern}$`).test(file));
}

test.each(pages)("links of %s lead somewhere", (page) => {
  const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const own = links.filter((target) => !/^[a-z]+:/.test(target));
  expect(own.flatMap((target) => problemOf(page, target) ?? [])).toEqual([]);
});

test.each(pages)("source files that %s names are there", (page) => {
  const quoted = [...prose(page).matchAll(/`([\w@./*-]+)`/g)].map(([, word]) => word);
  const inFolder = new RegExp(`^(${folders.join("|")})/`);
  const images = /\.(png|webp|jpg)$/; // of data sets that are described
  const paths = quoted.filter(
    (word) => (inFolder.test(word) && !images.test(word)) || /^[\w./-]+\.(ts|mjs)$/.test(word),
  );
  const text = readFileSync(join(repository, page), "utf8");
  const toBeWritten = [...text.matchAll(/^```\w+ title="([^"]+)"$/gm)].map(([, path]) => path);
  const known = new Set([...PLACEHOLDERS, ...toBeWritten]);
  expect(paths.filter((path) => !known.has(path) && !isThere(path))).toEqual([]);
});

test("anchors are made of headings as GitHub makes them", () => {
  expect([...anchorsOf("docs/evaluation.md")]).toContain("rate-and-distortion-information");
});
