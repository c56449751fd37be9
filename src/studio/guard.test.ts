import { Hono } from "hono";
import { expect, test } from "vitest";
import { createGuard } from "./guard.js";

const HOST = "127.0.0.1:4000";

/** A server with one page and one thing that changes something. */
function serve() {
  const guard = createGuard(new Set([HOST, "localhost:4000"]), 4000);
  const app = new Hono();
  app.use(guard.middleware);
  app.get("/", (c) => c.text("page"));
  app.post("/change", (c) => c.text("changed"));
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    app.request(`http://${HOST}${path}`, { method, headers: { host: HOST, ...headers } });
  return { ask, token: guard.token };
}

/** The same with a browser that has been let in. */
async function signedIn() {
  const { ask, token } = serve();
  const answer = await ask(`/?token=${token}`);
  const cookie = answer.headers.get("set-cookie")!.split(";")[0];
  const asBrowser = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    ask(path, { cookie, ...headers }, method);
  return { ask, asBrowser, token, cookie };
}

test("a host that is none of ours gets 421, whatever else it has: its port counts too", async () => {
  const { asBrowser } = await signedIn();
  expect((await asBrowser("/")).status).toBe(200);
  expect((await asBrowser("/", { host: "localhost:4000" })).status).toBe(200);
  for (const host of ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", "127.0.0.1.evil.example:4000", ""]) {
    expect((await asBrowser("/", { host })).status, host).toBe(421);
  }
  // a name that was pointed at this machine gives itself as host and as origin
  const rebound = { host: "evil.example:4000", origin: "http://evil.example:4000" };
  expect((await asBrowser("/change", rebound, "POST")).status).toBe(421);
});

test("whatever is no GET needs exactly our origin", async () => {
  const { asBrowser } = await signedIn();
  const post = (headers: Record<string, string>) => asBrowser("/change", headers, "POST");
  expect((await post({ origin: `http://${HOST}` })).status).toBe(200);
  for (const origin of [
    "http://localhost:4000",
    "http://evil.example",
    `https://${HOST}`,
    `http://${HOST}.evil`,
    "null",
  ]) {
    expect((await post({ origin })).status, origin).toBe(403);
  }
  expect((await post({})).status).toBe(403);
});

test("requests that another site makes are refused, and no answer lets others read it", async () => {
  const { asBrowser } = await signedIn();
  for (const site of ["same-origin", "none"]) {
    expect((await asBrowser("/", { "sec-fetch-site": site })).status).toBe(200);
  }
  for (const site of ["cross-site", "same-site", "other"]) {
    expect((await asBrowser("/", { "sec-fetch-site": site })).status, site).toBe(403);
  }
  const { headers } = await asBrowser("/", { origin: "http://evil.example" });
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("the token is good once, for a cookie that scripts and other sites cannot use", async () => {
  const { ask, token } = serve();
  expect((await ask("/")).status).toBe(401);
  expect(Buffer.from(token, "base64url").length).toBe(24);
  for (const wrong of ["", "x", token.slice(1), `${token}x`]) expect((await ask(`/?token=${wrong}`)).status).toBe(401);
  const answer = await ask(`/?token=${token}`);
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/");
  expect(answer.headers.get("set-cookie")).toMatch(/^strata-4000=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/);
  expect((await ask(`/?token=${token}`)).status).toBe(401);
});

test("whoever is in gets to the page by the old address too; cookies of other ports and wrong ones are none", async () => {
  const { ask, asBrowser, token, cookie } = await signedIn();
  expect((await asBrowser(`/?token=${token}`)).status).toBe(303);
  expect((await asBrowser("/", { cookie: `other=1; ${cookie}; more=2` })).status).toBe(200);
  for (const wrong of [cookie.replace("4000", "4001"), `${cookie}x`, cookie.slice(0, -1), "strata-4000="]) {
    expect((await ask("/", { cookie: wrong })).status, wrong).toBe(401);
  }
});

test("a request for nothing but the headers does not use up the token", async () => {
  const { ask, token } = serve();
  expect((await ask(`/?token=${token}`, {}, "HEAD")).status).toBe(401);
  expect((await ask(`/?token=${token}`)).status).toBe(303);
});

test("every answer, refusals included, has the policies, and none asks for HTTPS", async () => {
  const { ask, asBrowser } = await signedIn();
  for (const answer of [await asBrowser("/"), await ask("/"), await ask("/", { host: "evil.example" })]) {
    const { headers } = answer;
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' blob:; " +
        "style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("strict-transport-security")).toBeNull();
  }
});
