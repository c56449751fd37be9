/**
 * @file Requests that notice silence and go through the proxy of the environment; a GET also follows redirections.
 *
 * Written on Node's plain `http` rather than `fetch`, which unpacks what a server labels as encoded: some label every `.gz` so.
 */
import { type ClientRequest, type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import type { Readable } from "node:stream";
import { UserError } from "../../errors.js";
import { describeProxy, forwarded, type HttpProxy, ProxyAnswer, proxyFor, tunnel } from "./proxy.js";

/** What a user can do when a server is of no help. */
export const ELSEWHERE =
  "Give another address with `from`, or fetch it with another program and give that file with `from`.";

const REDIRECTS = 5;

/** A failure that may be gone the next time. */
export class PassingFailure extends Error {
  override name = "PassingFailure";

  /** @param waitMs - how long the server asks to wait */
  constructor(
    message: string,
    readonly waitMs = 0,
  ) {
    super(message);
  }
}

/** Statuses that ask to try again, though they are no server's own problem; and problems of a server's own that stay. */
const SHORTLY = new Set([408, 429]);
const FOR_GOOD = new Set([501, 505, 507]);

/** A server may ask for more patience than anybody has. */
const LONGEST_WAIT_MS = 60_000;

/** How long an answer asks to wait (`Retry-After`, RFC 9110 §10.2.3), where it says so in seconds. */
const waitOf = ({ headers }: IncomingMessage): number =>
  Math.min(1000 * (Number(headers["retry-after"]) || 0), LONGEST_WAIT_MS);

/** Failures of a connection that may pass; for others, as of a certificate, waiting is no cure. */
const PASSING = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT", "EPIPE", "EAI_AGAIN"],
  ...["ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EHOSTDOWN"],
]);

/** @throws UserError for what is no address, or not one of http or https */
export function webAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === "http:" || address?.protocol === "https:") return address;
  throw new UserError("invalid-options", `Expected an http or https address, got ${url}.`);
}

export interface GetOptions {
  /** A redirection to another place is followed without `Authorization`: it is meant for this server alone. */
  headers: Record<string, string>;
  /** Time without a byte after which a connection counts as dead, also while the answer is read. */
  idleMs: number;
  signal?: AbortSignal;
  /** Called with the proxy that a request goes through: "the proxy http://proxy:3128 (HTTPS_PROXY)". */
  onProxy?: (proxy: string) => void;
}

/**
 * Asks for `url`, and again where it is redirected to: over http or https, but never from https to http, and through
 * the proxy that the environment names.
 *
 * @returns the answer, whatever its status, to be read or destroyed; reading fails with what `connectionFailure` describes
 * @throws PassingFailure when the connection fails, or the server says that it has a problem of its own
 * @throws UserError when the server or the proxy cannot be reached at all, or the proxy refuses, or the server
 *   redirects without end or to where it must not
 */
export async function httpGet(url: URL, options: GetOptions): Promise<IncomingMessage> {
  let address = url;
  let { headers } = options;
  for (let hops = 0; hops <= REDIRECTS; hops++) {
    const response = await httpRequest(address, { ...options, headers });
    const { statusCode = 0 } = response;
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return response;
    response.destroy();
    const from = address.origin;
    address = redirected(location, address);
    if (address.origin !== from) headers = withoutAuthorization(headers);
  }
  throw new UserError("network", `Expected the file at ${url.href}, got more than ${REDIRECTS} redirections.`, {
    advice: ELSEWHERE,
  });
}

const withoutAuthorization = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));

/** A request that may have a body. */
interface RequestOptions extends GetOptions {
  /** Default: GET. */
  method?: string;
  body?: Readable;
}

/**
 * One request, through the proxy that the environment names; a redirection is an answer like any other.
 *
 * @returns as {@link httpGet}
 * @throws as {@link httpGet}
 */
export async function httpRequest(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  const proxy = proxyFor(url);
  if (proxy) options.onProxy?.(describeProxy(proxy));
  const response = await (proxy ? throughProxy(url, proxy, options) : request(url, options)).catch((error) => {
    throw connectionFailure(error, url);
  });
  const { statusCode = 0, statusMessage } = response;
  if ((statusCode < 500 && !SHORTLY.has(statusCode)) || FOR_GOOD.has(statusCode)) return response;
  response.destroy();
  throw new PassingFailure(`the server says ${statusCode} ${statusMessage}`, waitOf(response));
}

/** What to throw for an error of a connection: a `PassingFailure`, a `UserError`, or the error itself when it is none of a connection. */
export function connectionFailure(error: unknown, { href }: URL): unknown {
  if (!(error instanceof Error) || error instanceof PassingFailure || error instanceof UserError) return error;
  if (error.name === "AbortError") return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const reason = error.message || code; // that of several addresses tried has no message
  if (PASSING.has(code)) return new PassingFailure(`the connection failed: ${reason}`);
  return new UserError("network", `Expected an answer from ${href}, but the connection failed: ${reason}.`, {
    advice: ELSEWHERE,
  });
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
  throw new UserError("network", `Expected ${from.href} to redirect to ${kind} address, got ${location}.`, {
    advice: ELSEWHERE,
  });
}

/** Asks a server itself; resolves when its answer begins. */
function request(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  const { method, headers, signal } = options;
  const ask = url.protocol === "https:" ? overHttps : overHttp;
  return answerTo(ask(url, { method, headers, signal, agent: false }), options);
}

/**
 * Asks through a proxy: for what https encrypts by a tunnel, and for what http does not by asking the proxy itself.
 *
 * @throws what `proxyFailure` makes of a failure of the proxy's own, and what the connection with the server throws
 */
async function throughProxy(url: URL, proxy: HttpProxy, options: RequestOptions): Promise<IncomingMessage> {
  const { method, headers, signal, idleMs } = options;
  const failed = (error: unknown): never => {
    throw proxyFailure(error, proxy, url);
  };
  if (url.protocol === "https:") {
    const silence = () => silentFor(idleMs);
    const socket = await tunnel(url, proxy, { signal, idleMs, silence }).catch(failed);
    return answerTo(overHttps(url, { method, headers, signal, createConnection: () => socket }), options);
  }
  const { headers: forProxy, ...place } = forwarded(url, proxy);
  const ask = proxy.url.protocol === "https:" ? overHttps : overHttp;
  const asked = ask({ ...place, method, headers: { ...headers, ...forProxy }, signal, agent: false });
  const response = await answerTo(asked, options).catch(failed);
  if (response.statusCode !== 407) return response;
  response.destroy();
  return failed(new ProxyAnswer(response));
}

/** What to throw for a failure of a proxy: one sentence that names it and where it is set. */
function proxyFailure(error: unknown, proxy: HttpProxy, { host }: URL): unknown {
  const { url, variable } = proxy;
  const named = describeProxy(proxy);
  if (error instanceof ProxyAnswer) {
    const { statusCode = 0 } = error.answer;
    if (statusCode >= 500) return new PassingFailure(`${named} says ${error.message} of ${host}`);
    if (statusCode !== 407)
      return new UserError("network", `Expected ${named} to connect to ${host}, but it says ${error.message}.`, {
        advice: ELSEWHERE,
      });
    const given =
      url.username === ""
        ? `asks for a name and password: put them into ${variable}`
        : "refuses the name and password given";
    return new UserError(
      "network",
      `Expected ${named} to let us through to ${host}, but it ${given}, as ${url.protocol}//NAME:PASSWORD@${url.host} (${error.message}).`,
    );
  }
  const failure = connectionFailure(error, url);
  const { code } = error as NodeJS.ErrnoException;
  if (failure === error)
    return error instanceof PassingFailure ? new PassingFailure(`${named}: ${error.message}`) : error;
  if (failure instanceof PassingFailure && code !== "ECONNREFUSED")
    return new PassingFailure(`${named}: ${failure.message}`);
  const reason = (error as Error).message || code;
  return new UserError(
    "network",
    `Expected an answer from ${named}, but the connection failed: ${reason}. Correct ${variable}, or unset it to go without a proxy.`,
  );
}

const silentFor = (idleMs: number) => new PassingFailure(`nothing came for ${Math.ceil(idleMs / 1000)} s`);

/** Sends a request's body, if it has one; resolves when the answer begins. */
function answerTo(sent: ClientRequest, { idleMs, body }: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    if (body) {
      body.on("error", (error) => sent.destroy(error)).pipe(sent);
      sent.on("close", () => body.destroy()); // also of an answer that came before all was sent
    } else sent.end();
    sent.setTimeout(idleMs, () => {
      (response ?? sent).destroy(silentFor(idleMs));
    });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      response = answer;
      answer.on("error", () => {}); // whoever reads it is told; without a listener it would end the process
      resolve(answer);
    });
  });
}
