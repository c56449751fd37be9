/**
 * @file Files for a repository of a hub, as one commit. Hugging Face's own library speaks the protocol; each of its requests goes
 * through ours, so that proxies, silence, answers without end and the token are seen to as everywhere.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { UserError } from "../../errors.js";
import { readAnswer } from "../net/answer.js";
import { httpRequest, redirected } from "../net/http-get.js";
import { PATIENCE, persist } from "../net/persist.js";
import { type HubAccess, type HubOptions, hubAccess } from "./access.js";
import { parseHubPlace } from "./address.js";
import { commitOf, listFiles } from "./listing.js";
import { elsewhere, filesRoute, type HubRepository, hubHeaders, refusal } from "./requests.js";

/** What is to be in a repository. */
export interface Upload {
  /** A folder of this machine, and the paths of its files to send, with slashes. */
  folder: string;
  files: readonly string[];
  /** Which of the files that the repository has are to go, where they are not sent anew. */
  replaces: (path: string) => boolean;
  /** Of the commit, for people. */
  title: string;
  /** Of a repository that is made for it. Default: private. */
  visibility?: "public" | "private";
}

/** Longest answer of the routes in use. */
const LARGEST_ANSWER = 8 * 2 ** 20;

/**
 * Sends files to a repository of models, which is made if there is none, as one commit: the repository has all of them or none.
 *
 * @param place - `hf:OWNER/NAME`
 * @returns the addresses of the repository and of the commit, and the files that went
 * @throws UserError when the place is none, there is no token, or the hub cannot be reached or refuses; the signal's reason
 *   when it aborts
 */
export async function pushToHub(
  place: string,
  { folder, files, replaces, title, visibility = "private" }: Upload,
  options: HubOptions = {},
): Promise<{ url: string; commitUrl: string; removed: string[] }> {
  const access = hubAccess(options);
  const repository: HubRepository = { kind: "model", name: repositoryOf(place) };
  expectOnline(place, access);
  const { commitIter, createRepo, HubApiError } = await import("@huggingface/hub");
  const total = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  const sent = meter(total, options.onProgress);
  const shared = {
    repo: { type: "model" as const, name: repository.name },
    hubUrl: access.url,
    accessToken: "hf_in-the-requests", // the library wants one to be named; ours has the true one
    fetch: guardedFetch(repository, access, options, sent),
  };
  const url = filesRoute(access, repository);
  try {
    await createRepo({ ...shared, visibility }).catch((error) => {
      if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error; // it is there already
    });
    const removed = (await presentFiles(repository, access, options)).filter(
      (path) => replaces(path) && !files.includes(path),
    );
    const events = commitIter({
      ...shared,
      title,
      operations: [
        ...files.map((path) => ({
          operation: "addOrUpdate" as const,
          path,
          content: pathToFileURL(join(folder, path)),
        })),
        ...removed.map((path) => ({ operation: "delete" as const, path })),
      ],
      useXet: false, // an open protocol that any hub speaks
      abortSignal: options.signal,
    });
    let event = await events.next();
    while (!event.done) event = await events.next();
    return { url, commitUrl: event.value?.commit.url ?? url, removed };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UserError) throw error;
    throw new UserError(
      "network",
      `Expected the hub to take the files of ${url}, but it does not: ${(error as Error).message}`,
    );
  }
}

function repositoryOf(place: string): string {
  const { name, revision, path } = parseHubPlace(place);
  if (revision === "main" && path === undefined) return name;
  throw new UserError("invalid-options", `Expected a repository to send files to, hf:OWNER/NAME, got ${place}.`);
}

function expectOnline(place: string, { offline, token }: HubAccess): void {
  if (offline) {
    throw new UserError("invalid-options", `Expected to send files to ${place}, but \`offline\` asks no server.`);
  }
  if (token === undefined) {
    throw new UserError("network", `Expected a token that may write to ${place}, found none.`, {
      advice: "Log in with `hf auth login`, or let HF_TOKEN have one.",
    });
  }
}

/** The files that a repository has; none of one that was just made. */
async function presentFiles(repository: HubRepository, access: HubAccess, options: HubOptions): Promise<string[]> {
  const commit = await commitOf("main", repository, access, options);
  return (await listFiles(commit, repository, access, options)).map(({ path }) => path);
}

/** Counts bytes that were sent; those of an attempt that failed are taken back. */
function meter(total: number, onProgress: HubOptions["onProgress"] = () => {}) {
  let sent = 0;
  return (bytes: number) => {
    sent += bytes;
    onProgress(Math.min(Math.max(sent, 0), total), total);
  };
}

/** `fetch` for the hub's library. */
function guardedFetch(
  repository: HubRepository,
  access: HubAccess,
  { onNotice, signal: given, patience = PATIENCE }: HubOptions,
  sent: (bytes: number) => void,
): typeof fetch {
  const hub = new URL(access.url);
  return async (input, { method = "GET", headers, body, signal = given } = {}) => {
    const url = redirected(String(input), hub); // never from https to http
    const own = Object.fromEntries(new Headers(headers));
    delete own.authorization;
    const isHub = url.origin === hub.origin;
    const { length, stream } = content(body);
    const asked = {
      method,
      headers: { ...own, ...(isHub ? hubHeaders(access) : {}), "Content-Length": String(length) },
      signal: signal ?? undefined,
      idleMs: patience.idleMs,
    };
    const attempt = async () => {
      let counted = 0;
      const count = (bytes: number) => {
        counted += bytes;
        if (method === "PUT") sent(bytes);
      };
      try {
        const answer = await httpRequest(url, { ...asked, body: stream(count) });
        try {
          const status = answer.statusCode ?? 0;
          if (isHub && [401, 403, 404].includes(status)) throw refusal(answer, repository, access, "write");
          const bytes = await readAnswer(answer, url, LARGEST_ANSWER);
          const answered = Object.entries(answer.headers).map(
            ([name, value]) => [name, String(value)] as [string, string],
          );
          return new Response([101, 204, 205, 304].includes(status) ? null : new Uint8Array(bytes), {
            status,
            headers: answered,
          });
        } finally {
          answer.destroy();
        }
      } catch (error) {
        count(-counted);
        throw error;
      }
    };
    return elsewhere(() => persist(attempt, { url, signal: asked.signal, onNotice, patience }), access);
  };
}

/** A body by its length, and anew for each attempt. */
function content(body: unknown): { length: number; stream: (count: (bytes: number) => void) => Readable | undefined } {
  if (body === undefined || body === null) return { length: 0, stream: () => undefined };
  const blob = body instanceof Blob ? body : new Blob([body as string]);
  const counted = async function* (count: (bytes: number) => void) {
    for await (const piece of blob.stream() as unknown as AsyncIterable<Uint8Array>) {
      count(piece.length);
      yield piece;
    }
  };
  return { length: blob.size, stream: (count) => Readable.from(counted(count), { objectMode: false }) };
}
