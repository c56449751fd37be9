/**
 * @file A GET request that follows redirections and notices silence.
 *
 * Written on Node's plain `http` rather than `fetch`, which unpacks what a server labels as encoded: some label every `.gz` so.
 */
import { type IncomingMessage, get as overHttp } from "node:http";
import { get as overHttps } from "node:https";
import { UserError } from "../errors.js";

/** What a user can do when a server is of no help. */
export const ELSEWHERE =
  "Give another address with --from URL, or fetch it with another program and give the file with --from FILE.";

const REDIRECTS = 5;

/** A failure that may be gone the next time. */
export class PassingFailure extends Error {
  override name = "PassingFailure";
}

/** Failures of a connection that may pass; for others, as of a certificate, waiting is no cure. */
const PASSING = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT", "EPIPE", "EAI_AGAIN"],
  ...["ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EHOSTDOWN"],
]);

/** @throws UserError for what is no address, or not one of http or https */
export function webAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === "http:" || address?.protocol === "https:") return address;
  throw new UserError(`Expected an http or https address, got ${url}.`);
}

export interface GetOptions {
  headers: Record<string, string>;
  /** Time without a byte after which a connection counts as dead, also while the answer is read. */
  idleMs: number;
  signal?: AbortSignal;
}

/**
 * Asks for `url`, and again where it is redirected to: over http or https, but never from https to http.
 *
 * @returns the answer, whatever its status, to be read or destroyed; reading fails with what `connectionFailure` describes
 * @throws PassingFailure when the connection fails, or the server says that it has a problem of its own
 * @throws UserError when the server cannot be reached at all, or redirects without end or to where it must not
 */
export async function httpGet(url: URL, options: GetOptions): Promise<IncomingMessage> {
  let address = url;
  for (let hops = 0; hops <= REDIRECTS; hops++) {
    const response = await request(address, options).catch((error) => {
      throw connectionFailure(error, address);
    });
    const { statusCode = 0, statusMessage } = response;
    const { location } = response.headers;
    if ([301, 302, 303, 307, 308].includes(statusCode) && location !== undefined) {
      response.destroy();
      address = redirected(location, address);
    } else if (statusCode >= 500 || statusCode === 408 || statusCode === 429) {
      response.destroy();
      throw new PassingFailure(`the server says ${statusCode} ${statusMessage}`);
    } else return response;
  }
  throw new UserError(`Expected the file at ${url.href}, got more than ${REDIRECTS} redirections. ${ELSEWHERE}`);
}

/** What to throw for an error of a connection: a `PassingFailure`, a `UserError`, or the error itself when it is none of a connection. */
export function connectionFailure(error: unknown, { href }: URL): unknown {
  if (!(error instanceof Error) || error instanceof PassingFailure || error.name === "AbortError") return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const reason = error.message || code; // that of several addresses tried has no message
  if (PASSING.has(code)) return new PassingFailure(`the connection failed: ${reason}`);
  return new UserError(`Expected an answer from ${href}, but the connection failed: ${reason}. ${ELSEWHERE}`);
}

/**
 * Where a redirection leads.
 *
 * @throws UserError when that is no address, not one of http or https, or http where we came by https
 */
export function redirected(location: string, from: URL): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:")) return to;
  const kind = from.protocol === "http:" ? "an http or https" : "an https";
  throw new UserError(`Expected ${from.href} to redirect to ${kind} address, got ${location}. ${ELSEWHERE}`);
}

/** Resolves when an answer begins. */
function request(url: URL, { headers, idleMs, signal }: GetOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === "https:" ? overHttps : overHttp)(url, { headers, signal, agent: false });
    let response: IncomingMessage | undefined;
    sent.setTimeout(idleMs, () => {
      (response ?? sent).destroy(new PassingFailure(`nothing came for ${Math.ceil(idleMs / 1000)} s`));
    });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      response = answer;
      answer.on("error", () => {}); // whoever reads it is told; without a listener it would end the process
      resolve(answer);
    });
  });
}
