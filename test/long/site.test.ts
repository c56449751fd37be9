/**
 * @file The documentation site, built as `npm run site` builds it: every link and picture of every page leads to something,
 * and the search finds words. Needs the packages of `site/`, or the registry to install them.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const site = join(repository, "site");
const built = join(site, ".vitepress", "dist");

const installed = existsSync(join(site, "node_modules")) || spawnSync("npm", ["ci"], { cwd: site }).status === 0;

/** Text of every built page by its path. */
const pages = new Map<string, string>();

const attributes = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value]) => value.replaceAll("&amp;", "&"));

describe.skipIf(!installed)("the site, for which npm ci in site/ must work", () => {
  beforeAll(() => {
    // Without what Vitest says of itself, which VitePress would take for its own mode.
    const { NODE_ENV: _, VITEST: __, ...env } = process.env;
    execFileSync("npm", ["run", "site"], { cwd: repository, env, stdio: "pipe" });
    const files = readdirSync(built, { recursive: true, encoding: "utf8" }).map((file) => file.replaceAll("\\", "/"));
    for (const file of files) if (file.endsWith(".html")) pages.set(file, readFileSync(join(built, file), "utf8"));
  }, 600_000);

  test("it has the README, every page of docs, source files that they name, and every entry point", () => {
    const docs = readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" });
    for (const file of docs.filter((name) => name.endsWith(".md"))) {
      expect([...pages.keys()]).toContain(`docs/${file.replace("README", "index").replace(/md$/, "html")}`);
    }
    const { exports } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { exports: object };
    const entryPoints = Object.keys(exports).filter((path) => !path.endsWith(".json"));
    expect(entryPoints.length).toBeGreaterThan(0);
    for (const path of entryPoints) {
      expect([...pages.keys()]).toContain(posix.join("api/strata-vae", path, "index.html"));
    }
    expect(pages.get("index.html")).toMatch(/<img src="\.\/assets\/[^"]*guided/);
    expect(pages.get("source/src/model/generator.ts.html")).toContain("topDown");
  });

  test("a model to play with stands beside it, one click away", () => {
    expect(existsSync(join(built, "play", "manifest.json"))).toBe(true);
    expect(pages.get("docs/web.html")).toContain('href="../play/index.html"');
  });

  test("every link and picture leads to something in it, by a relative path", () => {
    const places = new Map([...pages].map(([page, html]) => [page, new Set(attributes(html, "id"))]));
    const dead = new Set<string>();
    let checked = 0;
    for (const [page, html] of pages) {
      for (const link of ["href", "src"].flatMap((name) => attributes(html, name))) {
        if (/^[a-z]+:/.test(link)) continue; // another host, or the picture itself
        const [path, place] = decodeURIComponent(link).split("#");
        const target = path === "" ? page : posix.join(posix.dirname(page), path);
        const found = !path.startsWith("/") && existsSync(join(built, target));
        if (!found || (place && !places.get(target)?.has(place))) dead.add(`${page}: ${link}`);
        checked++;
      }
    }
    expect([...dead]).toEqual([]);
    expect(checked).toBeGreaterThan(1000);
  });

  test("the search finds pages of the guide, and names of the API, but no source files", async () => {
    const chunks = join(built, "assets", "chunks");
    const name = readdirSync(chunks).find((file) => file.includes("localSearchIndex"))!;
    const { default: index } = (await import(join(chunks, name))) as { default: string };
    const { default: MiniSearch } = (await import(createRequire(join(site, "package.json")).resolve("minisearch"))) as {
      default: { loadJSON(json: string, options: object): { search(words: string): { id: string }[] } };
    };
    const search = MiniSearch.loadJSON(index, { fields: ["title", "titles", "text"] });
    const found = (words: string) => search.search(words).map(({ id }) => id.replace(/#.*/, ""));
    expect(found("guidance")).toContain("/docs/guidance.html");
    expect(found("sampler")).toContain("/api/strata-vae/classes/Sampler.html");
    expect(found("topDown").filter((id) => id.startsWith("/source"))).toEqual([]);
  });
});
