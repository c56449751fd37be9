/**
 * @file A file on a web server whose bytes are read here and there, by requests for ranges (RFC 9110 §14): fetched a stretch at a time,
 * resumed after a dropped connection where it stopped, and refused where the server begins to send another version.
 */
import { UserError } from "../../errors.js";
import type { ByteSource } from "../archives/byte-source.js";
import { connectionFailure, ELSEWHERE, httpGet, PassingFailure, webAddress } from "./http-get.js";
import { PATIENCE, type Patience, persist } from "./persist.js";

/** Bytes that one request asks for, where less is needed: what follows is mostly needed next. */
const STRETCH = 2 ** 22;

export interface RemoteOptions {
  signal?: AbortSignal;
  /** Something worth saying, as a sentence: an attempt failed, and another follows. */
  onNotice?: (message: string) => void;
  patience?: Patience;
}

/** A file on a server. At most a stretch of it, or as much as was asked for at once, is kept in memory. */
export interface RemoteBytes extends ByteSource {
  /** Which version of the file it is: another one is another file. */
  readonly version: string;
}

/** What an answer says of a file. */
interface About {
  size: number;
  version: string;
}

/**
 * @throws UserError when the server cannot be reached, has no such file, or sends no ranges; reading throws one when the file
 *   changes meanwhile
 */
export async function openRemote(url: string, options: RemoteOptions = {}): Promise<RemoteBytes> {
  const address = webAddress(url);
  let about: About | undefined;
  let stretch: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  /** Bytes of a range, fetched in as many requests as it takes. */
  const fetchRange = async (start: number, wanted: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    let got = 0;
    const length = () => Math.min(wanted, (about?.size ?? Number.POSITIVE_INFINITY) - start);
    await persist(
      async () => {
        while (got < length()) {
          for await (const piece of rangeOf(address, start + got, start + wanted - 1, options, (found) => {
            if (about && (found.size !== about.size || found.version !== about.version)) changed(url);
            about = found;
          })) {
            parts.push(piece);
            got += piece.length;
          }
          if (about?.size === 0) return;
          if (got < length()) throw new PassingFailure(`the answer ended after ${got} of ${length()} bytes`);
        }
      },
      { ...options, url: address, arrived: () => got },
    );
    return Buffer.concat(parts).subarray(0, length());
  };

  stretch.bytes = await fetchRange(0, 2 ** 16);
  const { size, version } = about!;
  return {
    size,
    version,
    read: async (position, length) => {
      const wanted = Math.max(0, Math.min(length, size - position));
      const from = position - stretch.start;
      if (from >= 0 && from + wanted <= stretch.bytes.length) return stretch.bytes.subarray(from, from + wanted);
      const bytes = await fetchRange(position, Math.min(Math.max(wanted, STRETCH), size - position));
      stretch = { start: position, bytes };
      return bytes.subarray(0, wanted);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function changed(url: string): never {
  throw new UserError(
    "mismatch",
    `Expected ${url} to stay as it is while it is read, but it has changed on the server. Start again.`,
  );
}

/** One request, and what comes of it. */
async function* rangeOf(
  url: URL,
  first: number,
  last: number,
  { signal, patience = PATIENCE }: RemoteOptions,
  onAnswer: (about: About) => void,
): AsyncGenerator<Buffer> {
  const headers = { "Accept-Encoding": "identity", "User-Agent": "strata", Range: `bytes=${first}-${last}` };
  const response = await httpGet(url, { headers, signal, idleMs: patience.idleMs });
  try {
    const { statusCode, statusMessage, headers: said } = response;
    if (statusCode === 416 && /\/0$/.test(said["content-range"] ?? "")) return onAnswer({ size: 0, version: "" });
    if (statusCode === 200) {
      throw new UserError(
        "network",
        `Expected a part of ${url.href}, but the server only sends it whole. Fetch it with another program, and give that file.`,
      );
    }
    if (statusCode === 416) changed(url.href);
    const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(said["content-range"] ?? "") ?? [];
    if (statusCode !== 206 || size === undefined) {
      throw new UserError(
        "network",
        `Expected a part of ${url.href}, but the server says ${statusCode} ${statusMessage}.`,
        {
          advice: ELSEWHERE,
        },
      );
    }
    if (Number(start) !== first) throw new PassingFailure("the server sent another range than the one asked for");
    onAnswer({ size: Number(size), version: said.etag ?? said["last-modified"] ?? "" });
    let left = last - first + 1;
    for await (const piece of response) {
      if (piece.length > left) throw new PassingFailure("the server sent more than was asked for");
      left -= piece.length;
      yield piece;
    }
  } catch (error) {
    throw connectionFailure(error, url);
  } finally {
    response.destroy();
  }
}
