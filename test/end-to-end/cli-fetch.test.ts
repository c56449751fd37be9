/** @file `strata fetch` from a file, from another server, interrupted, and against wrong ones. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { run } from "../../src/cli/program.js";
import { startWith, temporaryFolder } from "../support/command-line.js";

/** A small file in place of the real one, for the command line inside this process. */
const { content, sha256 } = vi.hoisted(() => ({
  content: "ten bytes!",
  sha256: "0425074d7748edc4faa98177678ef8e16a493504dfa15ca02bcdc56a848aca99",
}));
vi.mock("../../src/data/downloads.js", () => ({
  downloads: { cifar10: { url: "http://127.0.0.1:9/", file: "ten.bin", bytes: 10, sha256 } },
}));

/** Of the real file, for the command line as a process. */
const CIFAR10_BYTES = 170_052_171;

const folder = temporaryFolder();
let server: Server;
let url = "";
let ranges: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer(({ url: path, headers }, response) => {
    ranges.push(headers.range);
    if (path === "/ten") {
      response.end(content);
      return;
    }
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      "Content-Length": CIFAR10_BYTES - start,
      "Content-Range": `bytes ${start}-${CIFAR10_BYTES - 1}/${CIFAR10_BYTES}`,
    });
    response.write(Buffer.alloc(2 ** 20)); // and no more
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What the command line inside this process printed. */
let printed = "";
beforeEach(() => {
  ranges = [];
  printed = "";
  const print = (text: string | Uint8Array) => {
    printed += text;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(print);
  vi.spyOn(console, "error").mockImplementation(print);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env.STRATA_CACHE_DIR = "";
});

test("from a file, from a server, and once it is there", async () => {
  process.env.STRATA_CACHE_DIR = join(folder, "small");
  const mine = join(folder, "mine.bin");
  const path = join(folder, "small", "downloads", "ten.bin");
  writeFileSync(mine, content);
  expect(await run(["fetch", "cifar10", "--from", mine, "--json", "--quiet"])).toBe(0);
  expect(JSON.parse(printed)).toEqual({ path, bytes: 10, sha256 });
  expect(readFileSync(path, "utf8")).toBe(content);

  printed = "";
  expect(await run(["fetch", "cifar10", "--quiet"])).toBe(0);
  expect(printed).toContain(`Already there, and right: ${path}`);
  expect(ranges).toEqual([]);

  process.env.STRATA_CACHE_DIR = join(folder, "other");
  expect(await run(["fetch", "cifar10", "--from", `${url}/ten`, "--quiet"])).toBe(0);
  expect(readFileSync(join(folder, "other", "downloads", "ten.bin"), "utf8")).toBe(content);

  process.env.STRATA_CACHE_DIR = join(folder, "third");
  writeFileSync(mine, content.toUpperCase());
  expect(await run(["fetch", "cifar10", "--from", mine, "--quiet"])).toBe(2);
  expect(printed).toContain(`Expected a file with SHA-256 ${sha256} at ${mine}, got ${hash(content.toUpperCase())}`);
});

test("Ctrl-C keeps what has arrived and exits with 130; the same command asks for the rest", async () => {
  const cache = join(folder, "cache");
  const part = join(cache, "downloads", "cifar-10-binary.tar.gz.part");
  const fetchUntil = async (bytes: number) => {
    const { child, ended } = startWith({ STRATA_CACHE_DIR: cache }, "fetch", "cifar10", "--from", `${url}/cifar`);
    const size = () => {
      const names = existsSync(join(cache, "downloads")) ? readdirSync(join(cache, "downloads")) : [];
      return Math.max(0, ...names.map((name) => statSync(join(cache, "downloads", name)).size));
    };
    const timer = setInterval(() => {
      if (size() >= bytes) child.kill("SIGINT");
    }, 50);
    const result = await ended;
    clearInterval(timer);
    return result;
  };
  const { code, stdout, stderr } = await fetchUntil(2 ** 20);
  expect({ code, stdout }, stderr).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain("What has arrived is kept: the same command goes on from there.");
  expect(stderr).toMatch(/^cifar10 \d.* of 162\.2 MiB/m);
  expect(statSync(part).size).toBe(2 ** 20);
  expect((await fetchUntil(2 ** 21)).code).toBe(130);
  expect(ranges).toEqual([undefined, `bytes=${2 ** 20}-`]);
});

test.each([
  [["cifar10", "--from", "ftp://example.org/x"], /Expected an http or https address, got ftp:\/\/example\.org\/x/],
  [["cifar10", "--from", "package.json"], /Expected a file of 170052171 bytes, but package\.json has \d+/],
  [["inception", "--from", "URL/ten"], /Expected 95628359 bytes from http:.*\/ten, but the server has 10: /],
  [["imagenet"], /Allowed choices are cifar10, inception/],
])("fetch %j is refused with exit code 2", async (words, message) => {
  const given = words.map((word) => word.replace("URL", url));
  const { code, stdout, stderr } = await startWith({ STRATA_CACHE_DIR: join(folder, "refused") }, "fetch", ...given)
    .ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
