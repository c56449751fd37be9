/** @file The files of the page, as `npm run build` makes them of `web/app`. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { UserError } from "../errors.js";
import { packagePath } from "../package-folder.js";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * All of them, by the path that a browser asks for.
 *
 * @throws UserError when they were not built
 */
export async function readPage(): Promise<Map<string, { type: string; bytes: Uint8Array<ArrayBuffer> }>> {
  const folder = packagePath("dist/studio");
  const names = await readdir(folder).catch(() => {
    throw new UserError(
      "not-found",
      `Expected the studio's page in ${folder}. In a clone of the repository: npm run build`,
    );
  });
  const read = names
    .filter((name) => extname(name) in TYPES)
    .map(async (name) => {
      const bytes = new Uint8Array(await readFile(join(folder, name)));
      return [name === "index.html" ? "/" : `/${name}`, { type: TYPES[extname(name)], bytes }] as const;
    });
  return new Map(await Promise.all(read));
}
