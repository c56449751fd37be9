/** @file Makes few files of the many modules in `src`: every start, of the program or of a thread, reads them anew. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import manifest from "../package.json" with { type: "json" };

const repository = fileURLToPath(new URL("..", import.meta.url));

/** Packages that are installed with this one, or beside it. */
const installed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/** What threads and processes load by the name of a file beside the caller ends so. */
const BY_NAME = /-(worker|process|in-place)\.ts$/;

/** What runs in browsers: the library, and the thread that it starts. Each is one file that needs no other package. */
const inBrowsers: Record<string, string> = { web: "src/exports/web.ts", "web-worker": "src/web/web-worker.ts" };

/** The modules that others start from, by the name of the file that each becomes. */
const entryPoints: Record<string, string> = Object.fromEntries(
  Object.entries({
    ...published(),
    cli: "src/cli/main.ts",
    program: "src/cli/program.ts",
    ...Object.fromEntries(loadedByName().map((path) => [basename(path, ".ts"), `src/${path}`])),
  }).filter(([name]) => !(name in inBrowsers)),
);

/** Those that package.json exports. */
function published(): Record<string, string> {
  const modules = Object.values(manifest.exports).filter((target) => typeof target !== "string");
  return Object.fromEntries(
    modules.map(({ types, default: file }) => [
      basename(file, ".js"),
      types.replace("./dist/types/", "src/").replace(/\.d\.ts$/, ".ts"),
    ]),
  );
}

function loadedByName(): string[] {
  return readdirSync(`${repository}/src`, { recursive: true, encoding: "utf8" }).filter((path) => BY_NAME.test(path));
}

/**
 * Bundles `src`, for Node and for browsers, and the pages of the studio and of static sites. All files lie side by side, so that each finds by a
 * relative URL what it starts, as the modules in `src` do. Packages that are installed with this one stay outside; others are
 * bundled, and their licenses passed on.
 *
 * @param outdir - where to
 * @param more - further entry points: a path by the name of the file that it becomes
 */
export async function bundle(outdir: string, more: Record<string, string> = {}): Promise<void> {
  const parts = [
    bundleForNode(outdir, more),
    bundleForBrowsers(outdir),
    bundlePage(join(outdir, "studio")),
    bundleSite(join(outdir, "site")),
  ];
  const inputs = (await Promise.all(parts)).flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  writeFileSync(resolve(repository, outdir, "licenses.txt"), licensesOf(inputs));
}

/** The same of what runs in browsers. Names of properties and of functions stay, spaces go. */
export const bundleForBrowsers = (outdir: string, write = true) =>
  build({
    absWorkingDir: repository,
    entryPoints: inBrowsers,
    outdir,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    keepNames: true,
    metafile: true,
    write,
  });

const bundleForNode = (outdir: string, more: Record<string, string>) =>
  build({
    absWorkingDir: repository,
    entryPoints: { ...entryPoints, ...more },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: installed,
    chunkNames: "[name]-[hash]",
    logOverride: { "ignored-bare-import": "silent" }, // of types
    metafile: true,
  });

/** The studio's page: what of `web/app` a browser loads. */
const bundlePage = (outdir: string) =>
  bundleApp(outdir, { app: "web/app/studio.tsx" }, { "index.html": "index.html", "favicon.svg": "favicon.svg" });

/** The page of a static site: the same, computing by itself in a thread, and the service worker, which stands above it. */
const bundleSite = (outdir: string) =>
  bundleApp(
    outdir,
    { "app/app": "web/app/site.tsx", "app/web-worker": "src/web/web-worker.ts", sw: "web/app/sw.ts" },
    { "index.html": "site.html", "app/favicon.svg": "favicon.svg" },
  );

/** Modules for a browser by the files that they become, and files of `web/app` that go along. */
async function bundleApp(
  outdir: string,
  entryPoints: Readonly<Record<string, string>>,
  copied: Readonly<Record<string, string>>,
) {
  const built = await build({
    absWorkingDir: repository,
    entryPoints,
    outdir,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    metafile: true,
  });
  for (const [to, from] of Object.entries(copied)) {
    mkdirSync(dirname(resolve(repository, outdir, to)), { recursive: true });
    writeFileSync(resolve(repository, outdir, to), readFileSync(join(repository, "web/app", from)));
  }
  return built;
}

/** The licenses of packages that were bundled, which ask to be passed on. */
function licensesOf(inputs: readonly string[]): string {
  const folders = inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const read = (name: string) => readFileSync(join(repository, folder, name), "utf8").trim();
    const file = readdirSync(join(repository, folder)).find((name) => /^licen[cs]e/i.test(name));
    const { license, author } = JSON.parse(read("package.json"));
    const text = file === undefined ? [license, author?.name ?? author ?? []].flat().join(", ") : read(file);
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${text}\n`;
  });
  return `The files of this folder contain parts of these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
