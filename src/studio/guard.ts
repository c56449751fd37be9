/** @file Who may ask a local server: this browser, from its own page, and nobody else on this machine or in the browser's other tabs. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

/** On every answer. The page loads nothing from elsewhere, and nobody else can frame it or read it. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' blob:; " +
    "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

const SIGN_IN = "Open the address that the terminal shows: it lets this browser in, once.";

/** 192 bits, as a word. */
const secret = (): string => randomBytes(24).toString("base64url");

/** Compares in a time that does not tell how much of it was right. */
function same(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The guard of one server. */
export interface Guard {
  /** In the address that is printed; lets one browser in, once. */
  token: string;
  middleware: MiddlewareHandler;
}

/**
 * A guard that lets a request pass when
 *
 * 1. its `Host` is one of ours, with the port: a name that somebody points at this machine is none (else 421);
 * 2. it comes from our own page: `Sec-Fetch-Site` is `same-origin` or `none`, and whatever is no GET has exactly our `Origin`
 *    (else 403);
 * 3. it has the cookie that the token was exchanged for (else 401).
 *
 * @param hosts - `address:port`, each spelt as browsers do
 * @param port - names the cookie, since cookies of all ports of a host are one set
 */
export function createGuard(hosts: ReadonlySet<string>, port: number): Guard {
  const [token, session] = [secret(), secret()];
  let unused = true;
  const cookieName = `strata-${port}`;
  const middleware: MiddlewareHandler = async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    const host = c.req.header("host") ?? "";
    if (!hosts.has(host)) return c.text("This server does not answer to that name.", 421);
    const site = c.req.header("sec-fetch-site");
    if (site !== undefined && site !== "same-origin" && site !== "none") return c.text("Another site asks.", 403);
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    if (!reads && c.req.header("origin") !== `http://${host}`) return c.text("Another origin asks.", 403);
    const signedIn = same(cookieOf(c.req.header("cookie"), cookieName), session);
    const { pathname, searchParams } = new URL(c.req.url);
    const given = searchParams.get("token");
    if (given !== null && pathname === "/" && c.req.method === "GET") {
      if (!signedIn && !(unused && same(given, token))) return c.text(SIGN_IN, 401);
      if (!signedIn) {
        unused = false;
        c.header("set-cookie", `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`);
      }
      return c.redirect("/", 303); // so that the token stays in no history and no bookmark
    }
    if (!signedIn) return c.text(SIGN_IN, 401);
    return next();
  };
  return { token, middleware };
}

const cookieOf = (header: string | undefined, name: string): string | undefined =>
  header
    ?.split(";")
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
