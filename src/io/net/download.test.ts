import { createHash, randomFillSync } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startProxy } from "../../../test/support/proxy.js";
import { UserError } from "../../errors.js";
import { WRITERS_PLACE } from "../files/writer.js";
import { copyVerified, type DownloadOptions, download } from "./download.js";

/** How a server answers one request. */
type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

const content = randomFillSync(Buffer.alloc(300_000));
const sha256 = createHash("sha256").update(content).digest("hex");
const other = Buffer.from(content).fill(0, 200_000);
const size = content.length;
const half = size / 2;

let server: Server;
let folder = "";
let path = "";
let url = "";
/** What the server does with the requests that come, in order; the last answer serves all that follow. */
let answers: Answer[] = [];
/** The Range of each request, or none. */
let ranges: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answers[Math.min(ranges.length, answers.length) - 1](response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  for (const name of ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toUpperCase(), undefined);
  }
  folder = mkdtempSync(join(tmpdir(), "strata-download-"));
  path = join(folder, "cache", "file.bin");
  ranges = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** What an honest server does with `file`: the range asked for, unless the file is another one than that of If-Range. */
const honest =
  (file = content, etag?: string): Answer =>
  (response, { headers }) => {
    const changed = headers["if-range"] !== undefined && headers["if-range"] !== etag;
    const start = changed ? 0 : Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const range = `bytes ${start}-${file.length - 1}/${file.length}`;
    response.writeHead(start > 0 ? 206 : 200, {
      "Content-Length": file.length - start,
      ...(start > 0 && { "Content-Range": range }),
      ...(etag && { ETag: etag }),
    });
    response.end(file.subarray(start));
  };

/** Sends the first half and then does something else. */
const halfThen =
  (then: (response: ServerResponse) => unknown, headers = {}): Answer =>
  (response) => {
    response.writeHead(200, { "Content-Length": size, ...headers });
    response.write(content.subarray(0, half), async () => {
      await vi.waitUntil(hasArrived).catch(() => {}); // what is kept in memory alone never does
      then(response);
    });
  };

/** Whether half of the file has been written by whoever asked for it. */
const hasArrived = (): boolean => {
  const cache = dirname(path);
  const parts = existsSync(cache) ? readdirSync(cache).filter((name) => name.includes(".part-")) : [];
  return parts.some((name) => statSync(join(cache, name)).size >= half);
};

/** An end that looks like one, since no length was declared. */
const endHalfway: Answer = (response) => response.write(content.subarray(0, half), () => response.end());

const status =
  (code: number, headers = {}, body = ""): Answer =>
  (response) =>
    response.writeHead(code, headers).end(body);

const reset = (response: ServerResponse) => response.destroy();
const stall = () => {};

const get = (options: Partial<DownloadOptions> = {}) =>
  download(url, path, { bytes: size, sha256, patience: { idleMs: 150, pauseMs: 1 }, ...options });
const files = () => (existsSync(join(folder, "cache")) ? readdirSync(join(folder, "cache")).sort() : []);
const expectWhole = () => {
  expect(files()).toEqual(["file.bin"]);
  expect(readFileSync(path).equals(content)).toBe(true);
};
const leavePart = (bytes: Uint8Array, name = "file.bin.part") => {
  mkdirSync(join(folder, "cache"), { recursive: true });
  writeFileSync(join(folder, "cache", name), bytes);
};

test("a file arrives, with its progress, and nothing is left beside it", async () => {
  answers = [honest()];
  const progress: number[] = [];
  await get({ onProgress: (bytes) => progress.push(bytes) });
  expectWhole();
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(progress.at(-1)).toBe(size);
  expect(ranges).toEqual([undefined]);
});

test.each<[string, Answer, string]>([
  ["stalls half-way", halfThen(stall), "nothing came for 1 s"],
  ["resets the connection half-way", halfThen(reset), "the connection failed"],
  ["ends half-way without having said how long", endHalfway, "ended after 150000 of"],
])("a server that %s is asked for the rest only", async (_, failing, notice) => {
  answers = [failing, honest()];
  const notices: string[] = [];
  await get({ onNotice: (message) => notices.push(message) });
  expectWhole();
  expect(ranges).toEqual([undefined, `bytes=${half}-`]);
  expect(notices).toEqual([expect.stringContaining(notice)]);
});

test.each<[string, Answer]>([
  ["never answers", stall],
  ["resets the connection before it answers", reset],
  ["is overloaded", status(503)],
  ["asks for patience", status(429)],
  ["breaks down", status(500)],
])("a server that %s is asked again", async (_, failing) => {
  answers = [failing, failing, honest()];
  await get();
  expectWhole();
  expect(ranges).toEqual([undefined, undefined, undefined]);
});

test("a server that never recovers is given up, and what has arrived is kept", async () => {
  answers = [halfThen(reset), status(503)];
  await expect(get()).rejects.toThrow(/6 attempts in a row failed, the last one so: the server says 503 .*with `from`/);
  expect(files()).toEqual(["file.bin.part"]);
  expect(ranges).toHaveLength(6);
});

test("a server that does not exist is given up", async () => {
  const nowhere = "http://127.0.0.1:9/file.bin";
  await expect(download(nowhere, path, { bytes: size, sha256, patience: { idleMs: 150, pauseMs: 1 } })).rejects.toThrow(
    /6 attempts in a row failed, the last one so: the connection failed: .*ECONNREFUSED/,
  );
  expect(files()).toEqual([]);
});

test("an aborted fetch keeps what has arrived, and the next one asks for the rest only", async () => {
  const controller = new AbortController();
  answers = [halfThen(() => controller.abort()), honest()];
  await expect(get({ signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  expect(files()).toEqual(["file.bin.part"]);
  expect(readFileSync(`${path}.part`).equals(content.subarray(0, half))).toBe(true);
  await get();
  expectWhole();
  expect(ranges).toEqual([undefined, `bytes=${half}-`]);
});

test("aborted while it waits to try again, it stops at once", async () => {
  const controller = new AbortController();
  answers = [status(503)];
  const options = { signal: controller.signal, patience: { idleMs: 150, pauseMs: 60_000 } };
  await expect(get({ ...options, onNotice: () => controller.abort() })).rejects.toMatchObject({ name: "AbortError" });
});

/** The name of a part that a process writes. */
const partOf = (pid: number, number: number) => `file.bin.part-${WRITERS_PLACE}-${pid}-${number}`;
const NO_PROCESS = 4_194_304; // above the largest number of a process

test("what killed processes left is taken over, the largest part of several", async () => {
  answers = [honest()];
  leavePart(content.subarray(0, 100));
  const sizes = [3, 200_000, 2, 1];
  sizes.forEach((bytes, number) => {
    leavePart(content.subarray(0, bytes), partOf(NO_PROCESS, number));
  });
  leavePart(Buffer.from("mine"), "file.bin.partial");
  await get();
  expect(ranges).toEqual(["bytes=200000-"]);
  expect(files()).toEqual(["file.bin", "file.bin.partial"]);
});

test("what a process is writing is left alone, unless it has been still for an hour", async () => {
  answers = [honest()];
  const [busy, elsewhere, still] = [
    partOf(process.pid, 99),
    `file.bin.part-elsewhere-${NO_PROCESS}-0`,
    partOf(process.pid, 98),
  ];
  for (const name of [busy, elsewhere, still]) leavePart(content.subarray(0, half), name);
  utimesSync(join(folder, "cache", still), 1, Date.now() / 1000 - 3700);
  await get();
  expect(ranges).toEqual([`bytes=${half}-`]);
  expect(files()).toEqual(["file.bin", busy, elsewhere].sort());
});

test("a part that is whole already needs no server", async () => {
  leavePart(content);
  await get();
  expectWhole();
  expect(ranges).toEqual([]);
});

test.each([
  ["longer than the file", Buffer.concat([content, content]), [undefined]],
  ["of another file", other.subarray(100_000, 250_000), ["bytes=150000-", undefined]],
])("a part that is %s is thrown away", async (_, part, asked) => {
  answers = [honest()];
  leavePart(part);
  await get();
  expectWhole();
  expect(ranges).toEqual(asked);
});

test("a file that changed between two attempts starts anew", async () => {
  answers = [
    (response) => {
      response.writeHead(200, { "Content-Length": size, ETag: '"old"' });
      response.write(other.subarray(0, 250_000), () => setTimeout(() => response.destroy(), 30));
    },
    honest(content, '"new"'),
  ];
  await get();
  expectWhole();
  expect(ranges).toEqual([undefined, "bytes=250000-"]);
});

test.each<[string, Answer, (string | undefined)[]]>([
  ["ignores the range", (r) => r.end(content), ["bytes=150000-"]],
  [
    "sends another range",
    status(206, { "Content-Range": `bytes 0-${size - 1}/${size}` }),
    ["bytes=150000-", undefined],
  ],
  ["sends a range that is none", status(206, { "Content-Range": "150000" }), ["bytes=150000-", undefined]],
  ["knows no such range", status(416), ["bytes=150000-", undefined]],
])("a server that %s makes the file start anew", async (_, answer, asked) => {
  leavePart(content.subarray(0, half));
  answers = [answer, honest()];
  await get();
  expectWhole();
  expect(ranges).toEqual(asked);
});

test("a server that goes on with another version than it began with makes the file start anew", async () => {
  const range = { "Content-Range": `bytes ${half}-${size - 1}/${size}` };
  answers = [halfThen(reset, { ETag: '"one"' }), status(206, { ...range, ETag: '"two"' }), honest()];
  await get();
  expectWhole();
  expect(ranges).toEqual([undefined, "bytes=150000-", undefined]);
});

test.each<[string, Answer, RegExp, string[]]>([
  ["has no such file", status(404, {}, "Not Found"), /the server says 404 Not Found\. .*with `from`/, []],
  ["forbids it", status(403), /the server says 403/, []],
  ["has nothing to say", status(204), /the server says 204/, []],
  ["sends a web page", status(200, { "Content-Type": "text/html; charset=utf-8" }, "<html>"), /got a web page/, []],
  ["declares a shorter file", status(200, { "Content-Length": 10 }, "0123456789"), /300000 bytes .* has 10:/, []],
  ["declares a longer one", status(200, { "Content-Length": 10 ** 12 }), /300000 bytes .* has 1000000000000:/, []],
  [
    "sends wrong bytes",
    honest(other),
    new RegExp(`SHA-256 ${sha256} from http.*, got [0-9a-f]{64}: it is damaged`),
    [],
  ],
  [
    "sends data without end",
    (response) => {
      const more = () => response.write(content.subarray(0, 100_000), () => setTimeout(more, 1));
      more();
    },
    /300000 bytes .* but more came/,
    ["file.bin.part"],
  ],
  ["redirects in a loop", status(302, { Location: "/file.bin" }), /more than 5 redirections/, []],
  ["redirects to a file", status(302, { Location: "file:///etc/passwd" }), /an http or https address, got file:/, []],
  ["redirects nowhere", status(302, { Location: "http://" }), /an http or https address, got http:\/\//, []],
  ["redirects without saying where", status(302), /the server says 302/, []],
  [
    "speaks another protocol",
    (r) => r.socket?.end("SSH-2.0-OpenSSH\r\n\r\n"),
    /the connection failed: Parse Error/,
    [],
  ],
])("a server that %s is refused", async (_, answer, message, left) => {
  answers = [answer];
  await expect(get()).rejects.toThrow(message);
  expect(files()).toEqual(left);
});

test("a range of a file of another size is refused", async () => {
  leavePart(content.subarray(0, half));
  answers = [status(206, { "Content-Range": `bytes ${half}-399999/400000` })];
  await expect(get()).rejects.toThrow(/300000 bytes .* has 400000:/);
  expect(files()).toEqual(["file.bin.part"]);
});

test("redirections are followed, also relative ones", async () => {
  answers = [status(301, { Location: "elsewhere" }), (r, q) => status(307, { Location: `${url}?x=${q.url}` })(r, q)];
  answers.push(honest());
  await get();
  expectWhole();
});

test("a redirection to another server is followed without what is meant for this one alone", async () => {
  const heard: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    heard.push(request.headers.authorization);
    honest()(response, request);
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  const hear =
    (answer: Answer): Answer =>
    (response, request) => {
      heard.push(request.headers.authorization);
      answer(response, request);
    };
  answers = [hear(status(302, { Location: "/there" })), hear(status(302, { Location: elsewhere }))];
  await get({ headers: { Authorization: "Bearer secret" } });
  other.close();
  expectWhole();
  expect(heard).toEqual(["Bearer secret", "Bearer secret", undefined]);
});

test("a server that says how long to wait is asked again after that", async () => {
  answers = [status(429, { "Retry-After": "1" }), honest()];
  const startMs = performance.now();
  await get();
  expectWhole();
  expect(performance.now() - startMs).toBeGreaterThan(950);
});

test("an answer that the caller knows more of is refused in the caller's words", async () => {
  answers = [status(403, { "X-Error-Code": "GatedRepo" })];
  const refusal = ({ headers }: IncomingMessage) => new UserError("network", `It is ${headers["x-error-code"]}.`);
  await expect(get({ refusal })).rejects.toThrow("It is GatedRepo.");
});

test("what a server labels as encoded is kept as it is", async () => {
  answers = [status(200, { "Content-Encoding": "x-gzip", "Content-Length": size }, content as unknown as string)];
  await get();
  expectWhole();
});

test.each(["ftp://example.org/file", "no address"])("%s is no address", async (address) => {
  await expect(download(address, path, { bytes: size, sha256 })).rejects.toThrow(
    `Expected an http or https address, got ${address}.`,
  );
});

test("a full disk is named, and what was written is kept", async () => {
  answers = [honest()];
  const handle = await open(join(folder, "any"), "w");
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { appendFile } = prototype;
  let room = 2; // pieces
  const full = vi.spyOn(prototype, "appendFile").mockImplementation(function (this: unknown, piece) {
    if (room-- > 0) return appendFile.call(this, piece);
    return Promise.reject(new Error("ENOSPC: no space left on device, write"));
  });
  await expect(get()).rejects.toThrow(/Expected to write .*file\.bin\.part-.*ENOSPC.* See that the disk has room/);
  full.mockRestore();
  expect(files()).toEqual(["file.bin.part"]);
  await get();
  expectWhole();
  expect(ranges[1]).toMatch(/^bytes=[1-9]/);
});

test("a place that cannot be written is named", async () => {
  answers = [honest()];
  writeFileSync(join(folder, "cache"), "a file in the folder's place");
  await expect(get()).rejects.toThrow(/Expected to write .*file\.bin\.part-.* but that failed/);
});

test("two fetches at once do not disturb each other", async () => {
  answers = [halfThen(reset), halfThen(reset), honest()];
  leavePart(content.subarray(0, 1000));
  await Promise.all([get(), get()]);
  expectWhole();
});

test("a file of this machine is copied when it is the right one", async () => {
  const from = join(folder, "mine.bin");
  writeFileSync(from, content);
  await copyVerified(from, path, { bytes: size, sha256 });
  expectWhole();
  writeFileSync(from, other);
  await expect(copyVerified(from, path, { bytes: size, sha256 })).rejects.toThrow(
    /Expected a file with SHA-256 [0-9a-f]{64} at .*mine\.bin, got [0-9a-f]{64}/,
  );
  expectWhole();
  expect(readFileSync(from).equals(other)).toBe(true);
});

test("what is no file of the right size is not copied", async () => {
  const copy = (from: string) => copyVerified(from, path, { bytes: size, sha256 });
  await expect(copy(join(folder, "missing"))).rejects.toThrow(/Expected a file at .*missing, but it cannot be read/);
  await expect(copy(folder)).rejects.toThrow("got something else");
  writeFileSync(join(folder, "short"), "short");
  await expect(copy(join(folder, "short"))).rejects.toThrow(/Expected a file of 300000 bytes, but .*short has 5/);
});

/** Starts a proxy that leads everything to the server, and names it in the environment. */
async function behindProxy(credentials = "") {
  const proxy = await startProxy((server.address() as AddressInfo).port);
  const address = `http://127.0.0.1:${proxy.port}`;
  vi.stubEnv("ALL_PROXY", address.replace("//", `//${credentials}`));
  return { proxy, named: `the proxy ${address} (ALL_PROXY)` };
}
const elsewhere = "files.test"; // resolves nowhere: it can be reached through the proxy alone
const fetched = (from: string, patience = { idleMs: 150, pauseMs: 1 }) => {
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  return { notices, done: download(from, path, { bytes: size, sha256, patience, onNotice }) };
};

test("over http a proxy is asked, for every attempt and redirection, and told once", async () => {
  const { proxy, named } = await behindProxy("me:p%40ss@");
  answers = [status(301, { Location: "/moved.bin" }), halfThen(reset), honest()];
  const { notices, done } = fetched(`http://${elsewhere}/file.bin`);
  await done;
  expectWhole();
  expect(ranges).toEqual([undefined, undefined, `bytes=${half}-`]);
  expect(proxy.asked).toEqual([
    `GET http://${elsewhere}/file.bin me:p@ss`,
    `GET http://${elsewhere}/moved.bin me:p@ss`,
    `GET http://${elsewhere}/file.bin me:p@ss`,
  ]);
  expect(notices[0]).toBe(`Fetching through ${named}.`);
  expect(notices.filter((notice) => notice.startsWith("Fetching"))).toHaveLength(1);
  proxy.close();
});

test("hosts in NO_PROXY are asked themselves", async () => {
  const { proxy } = await behindProxy();
  vi.stubEnv("NO_PROXY", "127.0.0.0/8");
  answers = [honest()];
  const { notices, done } = fetched(url);
  await done;
  expectWhole();
  expect([proxy.asked, notices]).toEqual([[], []]);
  proxy.close();
});

test.each<["http" | "https", number, string, string]>([
  ["http", 407, "", "asks for a name and password: put them into ALL_PROXY, as http://NAME:PASSWORD@127.0.0.1:"],
  ["https", 407, "", "asks for a name and password: put them into ALL_PROXY, as http://NAME:PASSWORD@127.0.0.1:"],
  ["https", 407, "me:secret@", "refuses the name and password given, as http://NAME:PASSWORD@127.0.0.1:"],
  ["https", 403, "me:secret@", "says 403 Refused. Give another address with `from`"],
])("over %s a proxy that answers %i is named, without its password", async (scheme, code, credentials, message) => {
  const { proxy, named } = await behindProxy(credentials);
  proxy.status = code;
  const { done } = fetched(`${scheme}://${elsewhere}/file.bin`);
  await expect(done).rejects.toThrow(`Expected ${named} to `);
  await expect(done).rejects.toThrow(message);
  await expect(done).rejects.not.toThrow("secret");
  const target = scheme === "http" ? `GET http://${elsewhere}/file.bin` : `CONNECT ${elsewhere}:443`;
  expect(proxy.asked).toEqual([`${target}${credentials && " me:secret"}`]);
  expect(files()).toEqual([]);
  proxy.close();
});

test.each(["http", "https"])("over %s a proxy that is not there is named at once", async (scheme) => {
  vi.stubEnv("ALL_PROXY", "http://me:secret@127.0.0.1:9");
  const { notices, done } = fetched(`${scheme}://${elsewhere}/file.bin`);
  await expect(done).rejects.toThrow(
    /^Expected an answer from the proxy http:\/\/127\.0\.0\.1:9 \(ALL_PROXY\), but the connection failed: .*ECONNREFUSED.* Correct ALL_PROXY, or unset it/,
  );
  expect(notices).toEqual(["Fetching through the proxy http://127.0.0.1:9 (ALL_PROXY)."]);
});

test("a proxy that is silent, or has a problem of its own, is asked again and named at last", async () => {
  const { proxy, named } = await behindProxy();
  proxy.silent = true;
  const silent = fetched(`https://${elsewhere}/file.bin`, { idleMs: 20, pauseMs: 1 });
  await expect(silent.done).rejects.toThrow(
    `6 attempts in a row failed, the last one so: ${named}: nothing came for 1 s`,
  );
  Object.assign(proxy, { silent: false, status: 503 });
  const { done } = fetched(`https://${elsewhere}/file.bin`);
  await expect(done).rejects.toThrow(`the last one so: ${named} says 503 Refused of ${elsewhere}.`);
  proxy.close();
});

test("a tunnel whose far end does not encrypt, or breaks off, is a failure of the server", async () => {
  const { proxy } = await behindProxy();
  const { done } = fetched(`https://${elsewhere}/file.bin`);
  await expect(done).rejects.toThrow(
    `Expected an answer from https://${elsewhere}/file.bin, but the connection failed:`,
  );
  proxy.close();
});
