import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Fault, type HubServer, startHub } from "../../../test/support/hub-server.js";
import { UserError } from "../../errors.js";
import type { HubOptions } from "./access.js";
import { fetchedFromHub, fetchFromHub } from "./snapshot.js";

const large = Buffer.alloc(200_000, "strata");
const small = Buffer.from('{"of": "little"}\n');
const TOKEN = "hf_secretSecretSecret";

let hub: HubServer;
let folder = "";

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-hub-"));
  vi.stubEnv("STRATA_CACHE_DIR", join(folder, "cache"));
  vi.stubEnv("HF_HOME", join(folder, "home"));
  vi.stubEnv("NO_PROXY", "*");
  for (const name of ["HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"])
    vi.stubEnv(name, undefined);
  hub.asked.length = 0;
  hub.fault = undefined;
  hub.pageSize = 2;
  hub.repositories.clear();
  const files = { "README.md": small, "data/train.zip": large, "data/test.zip": small, "config.json": small };
  hub.repositories.set("models/me/flowers", new Map(Object.entries(files)));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const all = () => true;
const get = async (place = "hf:me/flowers", options: HubOptions = {}, wanted: (path: string) => boolean = all) => {
  const how = { hubUrl: hub.url, patience: { idleMs: 150, pauseMs: 1 }, ...options };
  return (await fetchFromHub(place, "model", wanted, how)).path;
};
const status =
  (code: number, headers = {}, body = ""): Fault =>
  (_, response) =>
    response.writeHead(code, headers).end(body);
/** A fault of the requests whose path matches, the first `times` of them. */
const on =
  (pattern: RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): Fault =>
  (request, response, path) =>
    pattern.test(path) && times-- > 0 ? fault(request, response, path) : "pass";
const asked = (pattern: RegExp) => hub.asked.filter((line) => pattern.test(line));
const everyFile = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));

test("a repository arrives whole, page after page, with its progress; a second time nothing but its commit is asked for", async () => {
  const notices: string[] = [];
  const progress: number[] = [];
  const options = { onNotice: (text: string) => notices.push(text), onProgress: (done: number) => progress.push(done) };
  const place = await get("hf:me/flowers", options);
  expect(place).toBe(join(folder, "cache/hub/models/me/flowers", hub.commit));
  expect(readFileSync(join(place, "data/train.zip")).equals(large)).toBe(true);
  expect(readFileSync(join(place, "README.md")).equals(small)).toBe(true);
  expect(notices).toEqual([
    expect.stringMatching(/^Fetching 2 files of hf:me\/flowers \(195 KiB\), commit c0ffee00c0ff\.$/),
  ]);
  expect(progress.at(-1)).toBe(large.length + small.length);
  expect(asked(/tree/)).toHaveLength(2);
  expect(asked(/resolve.*(json|md|test)/)).toHaveLength(1); // three files of one content
  hub.asked.length = 0;
  expect(await get()).toBe(place);
  expect(hub.asked).toEqual(["GET /api/models/me/flowers/revision/main"]);
});

test("a file or a folder alone, of a commit, which needs no server the second time", async () => {
  const place = await get(`hf:me/flowers@${hub.commit}:data/train.zip`);
  expect(readFileSync(place).equals(large)).toBe(true);
  const data = await get(`hf:me/flowers@${hub.commit}:data/`);
  expect(readdirSync(data).sort()).toEqual(["test.zip", "train.zip"]);
  hub.asked.length = 0;
  expect(await get(`hf:me/flowers@${hub.commit}:data`)).toBe(data);
  expect(hub.asked).toEqual([]);
  expect(statSync(place).nlink).toBeGreaterThan(1); // one content, and its name
});

test("when a branch moves on, what has not changed is not fetched again", async () => {
  const before = await get();
  const { commit } = hub;
  hub.commit = "beef".repeat(10);
  hub.repositories.get("models/me/flowers")!.set("config.json", Buffer.from("{}"));
  hub.asked.length = 0;
  const after = await get();
  hub.commit = commit;
  expect(after).not.toBe(before);
  expect(asked(/resolve/)).toEqual([`GET /me/flowers/resolve/${"beef".repeat(10)}/config.json`]);
});

test("offline, what was fetched is found, and what was not is named", async () => {
  const offline = { offline: true };
  await expect(get("hf:me/flowers", offline)).rejects.toThrow(
    "Expected hf:me/flowers among what was fetched before, but nothing of it is here. Fetch it once without `offline`.",
  );
  const place = await get("hf:me/flowers", {}, (path) => path.startsWith("data/"));
  hub.asked.length = 0;
  expect(await get("hf:me/flowers:data", offline)).toBe(join(place, "data"));
  expect(fetchedFromHub("hf:me/flowers:data", "model")).toBe(join(place, "data"));
  await expect(get("hf:me/flowers", offline)).rejects.toThrow(/README.md is missing/);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  await expect(get("hf:me/others")).rejects.toThrow(/nothing of it is here/);
  await expect(get("hf:me/flowers@v2")).rejects.toThrow(/hf:me\/flowers@v2 among/);
  expect(() => fetchedFromHub("hf:me/others", "model")).toThrow(/nothing of it is here/);
  expect(hub.asked).toEqual([]);
});

test("the token comes from where it usually is, goes to the hub alone, and is in no file", async () => {
  vi.stubEnv("HF_TOKEN", TOKEN);
  await get();
  expect(asked(/^GET \/(api|me)/).every((line) => line.endsWith(" +token"))).toBe(true);
  expect(asked(/^GET \/blob/)).toEqual([expect.not.stringContaining("+token")]); // another host
  for (const file of everyFile()) expect(readFileSync(file, "latin1")).not.toContain(TOKEN);
  vi.stubEnv("HF_TOKEN", "");
  hub.asked.length = 0;
  await get();
  expect(hub.asked).toEqual([expect.not.stringContaining("+token")]);
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  vi.stubEnv("HF_TOKEN_PATH", join(folder, "token"));
  hub.asked.length = 0;
  await get();
  expect(hub.asked).toEqual([expect.stringContaining("+token")]);
  const failure = await get("hf:me/none").catch((error: Error) => error);
  expect(JSON.stringify(failure) + String(failure)).not.toContain(TOKEN);
  await expect(get("hf:me/flowers", { token: "two words" })).rejects.toThrow(/Expected a token of the hub, one word/);
});

test.each<[string, Fault]>([
  ["is overloaded", on(/./, status(503), 2)],
  ["asks for patience", on(/./, status(429), 2)],
  ["breaks the connection", on(/./, (_, response) => response.destroy(), 2)],
  ["is silent", on(/resolve/, () => {}, 1)],
])("a hub that %s is asked again", async (_, fault) => {
  hub.fault = fault;
  const place = await get();
  expect(readFileSync(join(place, "data/train.zip")).equals(large)).toBe(true);
});

test("a large file that breaks off is resumed where it ended", async () => {
  const ranges: (string | undefined)[] = [];
  hub.fault = (request, response, path) => {
    if (!path.startsWith("/blob/")) return "pass";
    ranges.push(request.headers.range);
    if (ranges.length > 1) return "pass";
    response.writeHead(200, { "Content-Length": large.length });
    return response.write(large.subarray(0, 120_000), () => setTimeout(() => response.destroy(), 50));
  };
  const place = await get();
  expect(readFileSync(join(place, "data/train.zip")).equals(large)).toBe(true);
  expect(ranges).toEqual([undefined, "bytes=120000-"]);
});

const page = (entry: object) =>
  status(200, {}, JSON.stringify([{ type: "file", size: 3, oid: "a".repeat(40), ...entry }]));

test.each<[string, Fault, RegExp]>([
  [
    "is for members alone",
    status(401),
    /the hub asks for a token: it is private, or not there \(401, http.*me\/flowers\)\. Log in/,
  ],
  ["forbids", status(403), /asks for a token/],
  [
    "is gated",
    on(/resolve/, status(403, { "X-Error-Code": "GatedRepo" })),
    /the model me\/flowers, but its authors ask you to accept conditions: http.*\/me\/flowers\. Accept them there\. Log in/,
  ],
  [
    "is gone",
    status(404, { "X-Error-Code": "RepoNotFound" }),
    /the hub has none of that name: .* not that of a data set/,
  ],
  ["has lost a file", on(/resolve.*zip/, status(404, { "X-Error-Code": "EntryNotFound" })), /to have that file/],
  [
    "never recovers",
    status(503),
    /6 attempts in a row failed, the last one so: the server says 503 .*HF_ENDPOINT names another hub/,
  ],
  [
    "sends a web page",
    status(200, {}, "<html>"),
    /Expected the answer of a hub from http.*revision\/main.*, but line 1, column 1/,
  ],
  ["sends another answer", status(200, {}, '{"sha": 7}'), /it is another \(sha: .*string/],
  [
    "sends another small file",
    on(/resolve.*json/, status(200, {}, "x".repeat(17))),
    /config\.json .*Git digest [0-9a-f]{40}, got|README|test\.zip/,
  ],
  ["sends another large file", on(/blob/, status(200, {}, "x".repeat(200_000))), /SHA-256 [0-9a-f]{64} from/],
  [
    "sends a longer small file",
    on(/resolve.*(md|json|test)/, status(200, {}, "x".repeat(18))),
    /Expected at most 17 B/,
  ],
  [
    "names a file outside",
    on(/tree/, page({ path: "../../.bashrc" })),
    /lists "..\/..\/.bashrc", whose path is wrong: leads out/,
  ],
  ["names an absolute file", on(/tree/, page({ path: "/etc/passwd" })), /lists "\/etc\/passwd"/],
  ["names a file of Windows", on(/tree/, page({ path: "..\\x" })), /lists "..\\\\x"/],
  ["names nothing", on(/tree/, page({ path: "" })), /lists ""/],
  ["gives no digest", on(/tree/, page({ path: "x", oid: "" })), /lists "x", whose gitSha1 is wrong/],
  [
    "gives a large file a small one's digest",
    on(/tree/, page({ path: "x", size: 1e9 })),
    /give the SHA-256 of x, which has 954 MiB/,
  ],
  ["has a size that is none", on(/tree/, page({ path: "x", size: -1 })), /it is another \(0: size/],
  [
    "sends an endless list",
    on(/tree/, (_, response) => {
      response.writeHead(200);
      const more = () => response.destroyed || response.write(Buffer.alloc(2 ** 20, " "), more);
      more();
    }),
    /Expected at most 8\.0 MiB from/,
  ],
  [
    "continues its list elsewhere",
    on(/tree/, status(200, { Link: '<http://192.0.2.1/steal>; rel="next"' }, "[]")),
    /list of files to continue at http.*, but the hub names http:\/\/192\.0\.2\.1\/steal/,
  ],
  [
    "continues its list without end",
    on(/tree/, (_, response, path) => response.writeHead(200, { Link: `<${path}>; rel="next"` }).end("[]")),
    /Expected at most 200,000 files/,
  ],
  ["has nothing", on(/tree/, status(200, {}, "[]")), /Expected files to read in hf:me\/flowers, but it is empty/],
  [
    "redirects to a file",
    on(/revision/, status(302, { Location: "file:///etc/passwd" })),
    /an http or https address, got file:/,
  ],
  [
    "redirects without end",
    on(/revision/, (_, r, path) => r.writeHead(302, { Location: path }).end()),
    /more than 5 redirections/,
  ],
])("a repository that %s is refused in one sentence", async (_, fault, message) => {
  hub.fault = fault;
  const failure = await get().catch((error: Error) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect((failure as Error).message).toMatch(message);
});

test.each([
  ["hf:flowers"],
  ["hf:me/flowers/more"],
  ["hf:../flowers"],
  ["hf:me/..flowers"],
  ["hf:me/flowers@../x"],
  ["hf:me/flowers:../x"],
  ["hf:me/flowers:/etc/passwd"],
  ["hf:"],
])("%s is no place of a hub", async (place) => {
  await expect(get(place)).rejects.toThrow(/Expected hf:OWNER\/NAME/);
  expect(hub.asked).toEqual([]);
});

test("a revision or a path that is not there is named", async () => {
  await expect(get("hf:me/flowers@v2")).rejects.toThrow(/the model me\/flowers to have that revision/);
  await expect(get("hf:me/flowers:nothing")).rejects.toThrow(
    "Expected files to read in hf:me/flowers:nothing, but it has README.md, data/train.zip, data/test.zip, config.json.",
  );
});

test("an aborted fetch keeps what has arrived", async () => {
  const controller = new AbortController();
  hub.fault = (_, response, path) => {
    if (!path.startsWith("/blob/")) return "pass";
    response.writeHead(200, { "Content-Length": large.length });
    return response.write(large.subarray(0, 120_000), () => setTimeout(() => controller.abort(), 50));
  };
  await expect(get("hf:me/flowers", { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  hub.fault = undefined;
  hub.asked.length = 0;
  await get();
  expect(everyFile().some((file) => file.endsWith(".part"))).toBe(false);
});

test("without a cache there is no place for it", async () => {
  vi.stubEnv("STRATA_CACHE_DIR", "");
  await expect(get()).rejects.toThrow(/Expected a folder to keep downloads in/);
});
