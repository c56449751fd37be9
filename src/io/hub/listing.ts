/** @file Which files a repository of a hub has, at one commit. What a hub says is hostile until parsed. */
import { z } from "zod";
import { UserError } from "../../errors.js";
import { formatCount } from "../../number-format.js";
import { parseJson } from "../files/json.js";
import type { HubAccess, HubOptions } from "./access.js";
import { hubPlace, isRelativePath } from "./address.js";
import { apiRoute, ask, type HubRepository } from "./requests.js";

const hash = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

const fileSchema = z.object({
  path: z.string().refine(isRelativePath, "leads out of its folder, or is no name"),
  bytes: z.int().nonnegative(),
  /** Of a large file. */
  sha256: hash(64).optional(),
  /** Of a small one: SHA-1 as Git has it, of "blob BYTES\0" and the content. */
  gitSha1: hash(40),
});

/** A file of a repository, and what to know it by. */
export type HubFile = z.output<typeof fileSchema>;

/** The files of a repository at a commit, as they are kept in the cache too. */
export const listingSchema = z.array(fileSchema);

const revisionSchema = z.object({ sha: hash(40) });
const pageSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().nonnegative().default(0),
    oid: z.string().default(""),
    lfs: z.object({ oid: z.string(), size: z.int().nonnegative() }).optional(),
  }),
);

/** Larger answers, and longer lists, are no hub's. */
const LARGEST_ANSWER = 8 * 2 ** 20;
const MOST_FILES = 200_000;
const MOST_PAGES = 400;

type Asking = Pick<HubOptions, "signal" | "onNotice" | "patience">;

/**
 * The commit that a revision stands for.
 *
 * @throws UserError when the hub cannot be reached, has none, or answers with something else
 */
export async function commitOf(
  revision: string,
  repository: HubRepository,
  access: HubAccess,
  options: Asking,
): Promise<string> {
  const url = `${apiRoute(access, repository)}/revision/${encodeURIComponent(revision)}?expand=sha`;
  const { body } = await ask(url, repository, access, { ...options, most: LARGEST_ANSWER });
  return checked(revisionSchema, body, url).sha;
}

/**
 * All files of a commit.
 *
 * @throws UserError as {@link commitOf}; for more files than anybody has; for a name that leads elsewhere
 */
export async function listFiles(
  commit: string,
  repository: HubRepository,
  access: HubAccess,
  options: Asking,
): Promise<HubFile[]> {
  const files: HubFile[] = [];
  let url: string | undefined = `${apiRoute(access, repository)}/tree/${commit}?recursive=true`;
  for (let pages = 0; url !== undefined; pages++) {
    const { body, headers } = await ask(url, repository, access, { ...options, most: LARGEST_ANSWER });
    for (const { type, path, size, oid, lfs } of checked(pageSchema, body, url)) {
      if (type !== "file") continue;
      files.push({ path, bytes: lfs?.size ?? size, ...(lfs && { sha256: lfs.oid }), gitSha1: oid });
    }
    if (files.length > MOST_FILES || pages === MOST_PAGES) {
      throw new UserError(
        "too-large",
        `Expected at most ${formatCount(MOST_FILES)} files in ${hubPlace({ ...repository, revision: "main" })}, got more. ` +
          "Fetch it with another program, and give its folder.",
      );
    }
    url = nextPage(headers.link, url, access);
  }
  const parsed = listingSchema.safeParse(files);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const named = JSON.stringify(files[Number(path[0])].path.slice(0, 100));
  throw new UserError(
    "damaged",
    `Expected files with names and digests in ${hubPlace({ ...repository, revision: "main" })}, but the hub lists ${named}, whose ${String(path[1])} is wrong: ${message}.`,
  );
}

/** Where a list continues (`Link: <URL>; rel="next"`): on the hub itself, since the token goes along. */
function nextPage(link: string | string[] | undefined, url: string, access: HubAccess): string | undefined {
  const [, next] = /<([^>]*)>;\s*rel="next"/.exec([link ?? ""].flat().join(", ")) ?? [];
  if (next === undefined) return undefined;
  const to = URL.canParse(next, url) ? new URL(next, url) : undefined;
  if (to?.origin === new URL(access.url).origin) return to.href;
  throw new UserError(
    "network",
    `Expected the list of files to continue at ${access.url}, but the hub names ${next.slice(0, 200)}.`,
  );
}

function checked<T>(schema: z.ZodType<T>, body: Buffer, url: string): T {
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected the answer of a hub from ${url}, but ${problem}.`, {
      advice: "See that HF_ENDPOINT is the address of a hub.",
    });
  };
  const parsed = schema.safeParse(parseJson(body, refuse));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  return refuse(`it is another (${[...path.map(String), message].join(": ")})`);
}
