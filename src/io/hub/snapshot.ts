/**
 * @file Files of a hub's repositories on this machine: each is fetched once, verified by its digest, and found again.
 *
 *     CACHE/hub/blobs/ab/abcd…                    contents, by their digests
 *     CACHE/hub/models/OWNER/NAME/refs/main       the commit that a revision was the last time
 *                                 COMMIT.json     the files that it has
 *                                 COMMIT/…        those that were fetched: links to contents
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { copyFile, link, mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { attempt } from "../../attempt.js";
import { neededCacheFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import { formatBytes, formatCount } from "../../number-format.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { writeError } from "../files/write-error.js";
import { newWriter } from "../files/writer.js";
import { download } from "../net/download.js";
import { type HubAccess, type HubOptions, hubAccess } from "./access.js";
import { type HubAddress, type HubKind, hubPlace, parseHubPlace } from "./address.js";
import { commitOf, type HubFile, listFiles, listingSchema } from "./listing.js";
import { ask, elsewhere, filesRoute, type HubRepository, hubHeaders, refusal } from "./requests.js";

/** A hub keeps larger files by their SHA-256; smaller ones are taken whole. */
const LARGEST_SMALL = 32 * 2 ** 20;

/** Files fetched at a time. */
const AT_ONCE = 4;

const COMMIT = /^[0-9a-f]{40}$/;

/** Files of a repository, on this machine. */
export interface FetchedFiles {
  /** Of the file or folder that was asked for. */
  path: string;
  /** Paths of the wanted files below it. */
  files: readonly string[];
}

/**
 * Fetches files of a repository, those that are not here yet.
 *
 * @param place - `hf:OWNER/NAME[@REVISION][:PATH]`
 * @param wanted - which of the files below the path are; given their paths from the repository's root, and their sizes
 * @throws UserError when the place is none, the hub cannot be reached, has no such files or others than it says, or, offline,
 *   they have not been fetched before; the signal's reason when it aborts
 */
export async function fetchFromHub(
  place: string,
  kind: HubKind,
  wanted: (path: string, bytes: number) => boolean,
  options: HubOptions = {},
): Promise<FetchedFiles> {
  const address = parseHubPlace(place);
  const access = hubAccess(options);
  const repository = { kind, name: address.name };
  const commit = await currentCommit(address, repository, access, options);
  const listing = await filesAt(commit, address, repository, access, options);
  const meant = below(listing, address);
  const files = meant.filter(({ path, bytes }) => wanted(path, bytes));
  if (files.length === 0) throw nothingWanted(address, listing);
  const folder = join(repositoryFolder(repository), commit);
  const missing = files.filter((file) => !isHere(join(folder, file.path), file));
  if (missing.length > 0 && access.offline) throw notFetched(address, `${missing[0].path} is missing`);
  await fetchMissing(missing, commit, { address, repository, access, folder, options });
  return { path: join(folder, address.path ?? ""), files: files.map(({ path }) => join(folder, path)) };
}

/**
 * Where a place lies on this machine, as it was fetched the last time.
 *
 * @throws UserError when it has not been
 */
export function fetchedFromHub(place: string, kind: HubKind): string {
  const address = parseHubPlace(place);
  const folder = repositoryFolder({ kind, name: address.name });
  const commit = knownCommit(address, folder);
  const path = commit && join(folder, commit, address.path ?? "");
  if (path && existsSync(path)) return path;
  throw notFetched(address, "nothing of it is here");
}

/** The commit that a revision is now; offline, was the last time. */
async function currentCommit(
  address: HubAddress,
  repository: HubRepository,
  access: HubAccess,
  options: HubOptions,
): Promise<string> {
  const folder = repositoryFolder(repository);
  const known = knownCommit(address, folder);
  if (COMMIT.test(address.revision)) return address.revision;
  if (access.offline) {
    if (known) return known;
    throw notFetched(address, "nothing of it is here");
  }
  const commit = await commitOf(address.revision, repository, access, options);
  await keep(refFile(folder, address), commit);
  return commit;
}

/** What the cache knows of a revision. */
function knownCommit(address: HubAddress, folder: string): string | undefined {
  if (COMMIT.test(address.revision)) return address.revision;
  const text = attempt(() => readFileSync(refFile(folder, address), "utf8").trim());
  return text && COMMIT.test(text) ? text : undefined;
}

/** The files of a commit, of which no other list can ever be. */
async function filesAt(
  commit: string,
  address: HubAddress,
  repository: HubRepository,
  access: HubAccess,
  options: HubOptions,
): Promise<HubFile[]> {
  const path = join(repositoryFolder(repository), `${commit}.json`);
  const text = await readFile(path, "utf8").catch(() => undefined);
  const known = listingSchema.safeParse(text === undefined ? undefined : attempt(() => JSON.parse(text)));
  if (known.success) return known.data;
  if (access.offline) throw notFetched(address, "its list of files is missing");
  const listing = await listFiles(commit, repository, access, options);
  await keep(path, JSON.stringify(listing));
  return listing;
}

const below = (listing: readonly HubFile[], { path: place }: HubAddress): HubFile[] =>
  place === undefined ? [...listing] : listing.filter(({ path }) => path === place || path.startsWith(`${place}/`));

/** Everything that fetching one file takes to know. */
interface Fetching {
  address: HubAddress;
  repository: HubRepository;
  access: HubAccess;
  /** Of the commit. */
  folder: string;
  options: HubOptions;
}

async function fetchMissing(files: readonly HubFile[], commit: string, fetching: Fetching): Promise<void> {
  const { address, folder, options } = fetching;
  const { onNotice = () => {}, onProgress = () => {} } = options;
  const contents = [...new Map(files.map((file) => [blobPath(file), file]))].filter(
    ([blob, file]) => !isHere(blob, file),
  );
  if (contents.length > 0) {
    const total = contents.reduce((sum, [, { bytes }]) => sum + bytes, 0);
    const count = contents.length === 1 ? "1 file" : `${formatCount(contents.length)} files`;
    onNotice(`Fetching ${count} of ${hubPlace(address)} (${formatBytes(total)}), commit ${commit.slice(0, 12)}.`);
    let sum = 0;
    await inTurns(contents, options.signal, async ([blob, file], signal) => {
      let done = 0;
      await fetchContent(file, blob, commit, fetching, signal, (bytes) => {
        sum += bytes - done;
        done = bytes;
        onProgress(sum, total);
      });
    });
  }
  for (const file of files) await putInPlace(blobPath(file), join(folder, file.path));
}

/** Does something with every item, a few at a time; the first failure ends what the others are at. */
async function inTurns<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  action: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      either.throwIfAborted();
      await action(items[next++], either);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, () => worker().catch((error) => failed.abort(error)));
  await Promise.all(workers);
  signal?.throwIfAborted();
  failed.signal.throwIfAborted();
}

async function fetchContent(
  file: HubFile,
  blob: string,
  commit: string,
  { repository, access, options }: Fetching,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const { onNotice, patience } = options;
  const { bytes, sha256 } = file;
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const url = `${filesRoute(access, repository)}/resolve/${commit}/${path}`;
  if (sha256 === undefined) await fetchSmall(file, url, blob, { repository, access, options: { ...options, signal } });
  else {
    const refused = (answer: Parameters<typeof refusal>[0]) => refusal(answer, repository, access);
    const how = { bytes, sha256, signal, onNotice, patience, onProgress };
    await elsewhere(() => download(url, blob, { ...how, headers: hubHeaders(access), refusal: refused }), access);
  }
  onProgress(bytes);
}

/** Fetches a file whose digest is Git's, which a hub gives to small ones alone. */
async function fetchSmall(
  { path, bytes, gitSha1 }: HubFile,
  url: string,
  blob: string,
  { repository, access, options }: Pick<Fetching, "repository" | "access" | "options">,
): Promise<void> {
  if (bytes > LARGEST_SMALL) {
    throw new UserError(
      "too-large",
      `Expected the hub to give the SHA-256 of ${path}, which has ${formatBytes(bytes)}, got none: it cannot be verified.`,
    );
  }
  const { body } = await ask(url, repository, access, { ...options, most: bytes });
  const got = createHash("sha1").update(`blob ${body.length}\0`).update(body).digest("hex");
  if (got !== gitSha1) {
    throw new UserError(
      "damaged",
      `Expected ${path} of ${repository.name} with the Git digest ${gitSha1}, got ${got}: it is damaged or another file.`,
    );
  }
  await keep(blob, body);
}

/** Puts a content to its name, as a link where the file system has them. */
async function putInPlace(blob: string, path: string): Promise<void> {
  const temporary = `${path}.${newWriter()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await link(blob, temporary).catch(() => copyFile(blob, temporary));
    await rename(temporary, path);
    await rm(temporary, { force: true }); // renaming one link of a file to another does nothing
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

async function keep(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
  await writeFileAtomic(path, typeof content === "string" ? Buffer.from(content) : content);
}

/** Whether a file is there and whole: it was verified when it was put there. */
function isHere(path: string, { bytes }: HubFile): boolean {
  const stats = attempt(() => statSync(path));
  return stats?.isFile() === true && stats.size === bytes;
}

const hubFolder = (): string => join(neededCacheFolder(), "hub");

const repositoryFolder = ({ kind, name }: HubRepository): string => join(hubFolder(), `${kind}s`, ...name.split("/"));

const refFile = (folder: string, { revision }: HubAddress): string =>
  join(folder, "refs", encodeURIComponent(revision));

function blobPath({ sha256, gitSha1 }: HubFile): string {
  const digest = sha256 ?? gitSha1;
  return join(hubFolder(), "blobs", digest.slice(0, 2), digest);
}

const notFetched = (address: HubAddress, problem: string): UserError =>
  new UserError("not-found", `Expected ${hubPlace(address)} among what was fetched before, but ${problem}.`, {
    advice: "Fetch it once without `offline`.",
  });

/** Files that a message names. */
const NAMED = 8;

function nothingWanted(address: HubAddress, listing: readonly HubFile[]): UserError {
  const names = listing.slice(0, NAMED).map(({ path }) => path);
  const more = listing.length > NAMED ? ` and ${formatCount(listing.length - NAMED)} more` : "";
  const has = names.length > 0 ? `it has ${names.join(", ")}${more}` : "it is empty";
  return new UserError("not-found", `Expected files to read in ${hubPlace(address)}, but ${has}.`);
}
