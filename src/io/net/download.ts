/**
 * @file Files whose size and SHA-256 are known beforehand, from the network or this machine: nothing that a server says or does
 * can put another file in their place.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { readFailure, UserError } from "../../errors.js";
import { PartFile } from "../files/part-file.js";
import { connectionFailure, ELSEWHERE, type GetOptions, httpGet, PassingFailure, webAddress } from "./http-get.js";
import { PATIENCE, type Patience, persist } from "./persist.js";

/** What a file must be. */
export interface Expected {
  bytes: number;
  /** In hexadecimal, lower case. */
  sha256: string;
}

export interface DownloadOptions extends Expected {
  /** Called with the bytes there are whenever some arrive, those of earlier attempts included. */
  onProgress?: (bytes: number) => void;
  /** Something worth saying, as a sentence: an attempt failed, and another follows; a proxy is used. */
  onNotice?: (message: string) => void;
  /** When aborted, what has arrived is kept. */
  signal?: AbortSignal;
  patience?: Patience;
  /** What the server is told besides. */
  headers?: Record<string, string>;
  /** What to throw for an answer that is not the file, where more is known of it than its status. */
  refusal?: (answer: IncomingMessage) => UserError | undefined;
}

/**
 * Fetches a file, going on from where an earlier attempt stopped, and puts it at `path` whole and verified or not at all.
 * Stalled, broken and refused connections and errors of the server's own are tried again, with growing pauses; a server
 * that has changed the file, or cannot send the rest alone, sends it from its beginning.
 *
 * @throws UserError when the server cannot be reached, has no such file or another one, or the place cannot be written;
 *   what has arrived stays in `path.part`, unless its hash is wrong
 * @throws the signal's reason when it aborts; what has arrived stays
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const address = webAddress(url);
  const { sha256, onNotice = () => {} } = options;
  const part = await PartFile.open(path);
  try {
    await receive(address, part, options);
    if (part.sha256 !== sha256 && part.inherits) {
      onNotice("The part left by an earlier attempt does not belong to this file: starting again.");
      await part.restart();
      await receive(address, part, options);
    }
    if (part.sha256 !== sha256) {
      const got = part.sha256;
      await part.restart();
      throw new UserError(
        "damaged",
        `Expected a file with SHA-256 ${sha256} from ${url}, got ${got}: it is damaged or another file. It has been deleted.`,
        { advice: ELSEWHERE },
      );
    }
    await part.finish();
  } catch (error) {
    await part.leave();
    throw error;
  }
}

/**
 * Copies a file of this machine to `path`, whole and verified or not at all.
 *
 * @throws UserError when there is none, or it is another one
 */
export async function copyVerified(
  from: string,
  path: string,
  options: Expected & Pick<DownloadOptions, "onProgress" | "signal">,
): Promise<void> {
  const { bytes, sha256, onProgress = () => {}, signal } = options;
  const unreadable = (error: Error) =>
    new UserError(readFailure(error), `Expected a file at ${from}, but it cannot be read: ${error.message}.`);
  const stats = await stat(from).catch((error: Error) => {
    throw unreadable(error);
  });
  if (!stats.isFile())
    throw new UserError("unreadable", `Expected a file at ${from}, got something else. Name the file itself.`);
  if (stats.size !== bytes) {
    throw new UserError(
      "damaged",
      `Expected a file of ${bytes} bytes, but ${from} has ${stats.size}: it is another file.`,
    );
  }
  const part = await PartFile.open(path, { resume: false });
  try {
    for await (const piece of createReadStream(from, { signal })) {
      await part.append(piece);
      onProgress(part.bytes);
    }
    if (part.sha256 !== sha256) {
      throw new UserError(
        "damaged",
        `Expected a file with SHA-256 ${sha256} at ${from}, got ${part.sha256}: it is damaged or another file.`,
      );
    }
    await part.finish();
  } catch (error) {
    await part.discard();
    signal?.throwIfAborted();
    throw error instanceof UserError ? error : unreadable(error as Error);
  }
}

/** Makes attempts until the part is as long as the file. */
async function receive(url: URL, part: PartFile, options: DownloadOptions): Promise<void> {
  const { bytes, onNotice = () => {} } = options;
  const version: Version = {};
  const told = new Set<string>();
  const onProxy = (proxy: string) => {
    if (!told.has(proxy)) onNotice(`Fetching through ${proxy}.`);
    told.add(proxy);
  };
  const attempts = { ...options, url, arrived: () => part.bytes };
  if (part.bytes < bytes) await persist(() => attempt(url, part, version, { ...options, onProxy }), attempts);
}

/** Which of its versions a server sends: a strong entity tag, once known. */
interface Version {
  tag?: string;
}

/** One request for what is missing, written as it comes. */
async function attempt(
  url: URL,
  part: PartFile,
  version: Version,
  options: DownloadOptions & Pick<GetOptions, "onProxy">,
): Promise<void> {
  const { bytes, signal, onProxy, onProgress = () => {}, patience = PATIENCE } = options;
  const headers: Record<string, string> = {
    "Accept-Encoding": "identity",
    "User-Agent": "strata",
    ...options.headers,
  };
  if (part.bytes > 0) {
    headers.Range = `bytes=${part.bytes}-`;
    if (version.tag) headers["If-Range"] = version.tag;
  }
  const response = await httpGet(url, { headers, signal, idleMs: patience.idleMs, onProxy });
  try {
    await agree(response, part, version, bytes, url, options.refusal);
    for await (const piece of response) {
      if (part.bytes + piece.length > bytes) {
        throw new UserError("damaged", `Expected ${bytes} bytes from ${url.href}, but more came: it is another file.`, {
          advice: ELSEWHERE,
        });
      }
      await part.append(piece);
      onProgress(part.bytes);
    }
  } catch (error) {
    throw connectionFailure(error, url);
  } finally {
    response.destroy();
  }
  if (part.bytes < bytes) throw new PassingFailure(`the answer ended after ${part.bytes} of ${bytes} bytes`);
}

/** Checks that an answer goes on where the part ends, or makes the part begin where the answer does. */
async function agree(
  answer: IncomingMessage,
  part: PartFile,
  version: Version,
  bytes: number,
  { href }: URL,
  refusal: DownloadOptions["refusal"],
): Promise<void> {
  const { statusCode, statusMessage, headers } = answer;
  const startAnew = async (why: string) => {
    await part.restart();
    version.tag = undefined;
    throw new PassingFailure(why);
  };
  if (statusCode === 416) await startAnew("the server has no bytes where the part ends");
  if (statusCode !== 200 && statusCode !== 206) {
    const known = refusal?.(answer);
    if (known) throw known;
    throw new UserError(
      "network",
      `Expected the file at ${href}, but the server says ${statusCode} ${statusMessage}.`,
      { advice: ELSEWHERE },
    );
  }
  if (/^text\/html\b/i.test(headers["content-type"] ?? "")) {
    throw new UserError(
      "network",
      `Expected a file at ${href}, got a web page: the address is of a page, or the network asks to log in.`,
      { advice: ELSEWHERE },
    );
  }
  const tag = /^"/.test(headers.etag ?? "") ? headers.etag : undefined; // weak ones do not tell bytes apart
  if (statusCode === 206) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
    if (Number(first) !== part.bytes) await startAnew("the server sent another range than the one asked for");
    if (total !== "*") checkSize(Number(total), bytes, href);
    if (version.tag && tag && tag !== version.tag) await startAnew("the file has changed on the server");
  } else if (part.bytes > 0) await part.restart(); // the file has changed, or the server knows no ranges
  version.tag = tag;
  const length = headers["content-length"];
  if (length !== undefined) checkSize(part.bytes + Number(length), bytes, href);
}

function checkSize(got: number, expected: number, href: string): void {
  if (got === expected) return;
  throw new UserError(
    "damaged",
    `Expected ${expected} bytes from ${href}, but the server has ${got}: it is another file.`,
    { advice: ELSEWHERE },
  );
}
