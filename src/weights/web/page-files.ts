/** @file The page of a static site, as `npm run build` makes it of `web/app`, and the service worker that knows all its files. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { UserError } from "../../errors.js";
import { packagePath } from "../../package-folder.js";

/** Keeps the site in the browser; beside the page, since it answers for what lies below it. */
const SERVICE_WORKER = "sw.js";

/**
 * The page's files by path.
 *
 * @param files - all others of the site
 * @throws UserError when the page was not built
 */
export async function readPage(files: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Uint8Array>> {
  const folder = packagePath("dist/site");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw new UserError(
      "not-found",
      `Expected the page of a site in ${folder}. In a clone of the repository: npm run build`,
    );
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    )
    .sort();
  const page = new Map<string, Uint8Array>();
  for (const path of paths) page.set(path, await readFile(join(folder, path)));
  const worker = page.get(SERVICE_WORKER)!;
  const shell = paths.filter((path) => path !== SERVICE_WORKER);
  const site = {
    version: digestOf([...files, ...page]),
    page: ["./", ...shell, "manifest.json"],
    files: [...files.keys()].filter((path) => path !== "manifest.json"),
  };
  return page.set(SERVICE_WORKER, Buffer.concat([Buffer.from(`const SITE = ${JSON.stringify(site)};\n`), worker]));
}

function digestOf(files: readonly (readonly [string, Uint8Array])[]): string {
  const hash = createHash("sha256");
  for (const [path, bytes] of files) hash.update(`${path} ${bytes.length}\n`).update(bytes);
  return hash.digest("hex").slice(0, 16);
}
