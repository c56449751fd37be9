/** @file `strata fetch` as a process: interrupted and resumed, and given wrong files. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWith, temporaryFolder } from "../support/command-line.js";
import { startProxy } from "../support/proxy.js";

const CIFAR10_BYTES = 170_052_171;

const folder = temporaryFolder();
let server: Server;
let url = "";
const ranges: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer(({ url: path, headers }, response) => {
    ranges.push(headers.range);
    if (path === "/ten") {
      response.end("ten bytes!");
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

test("Ctrl-C keeps what has arrived and exits with 130; the same command asks for the rest", async () => {
  const cache = join(folder, "cache");
  const part = join(cache, "downloads", "cifar-10-binary.tar.gz.part");
  const fetchUntil = async (bytes: number) => {
    const { child, ended } = startWith(
      { STRATA_CACHE_DIR: cache, NO_PROXY: "*", no_proxy: "*" },
      "fetch",
      "cifar10",
      "--from",
      `${url}/cifar`,
    );
    const size = () => {
      const names = existsSync(join(cache, "downloads")) ? readdirSync(join(cache, "downloads")) : [];
      const sizes = names.map((name) => statSync(join(cache, "downloads", name), { throwIfNoEntry: false })?.size ?? 0);
      return Math.max(0, ...sizes);
    };
    const timer = setInterval(() => {
      if (size() < bytes) return;
      clearInterval(timer);
      child.kill("SIGINT");
    }, 50);
    const result = await ended;
    clearInterval(timer);
    return result;
  };
  const { code, stdout, stderr } = await fetchUntil(2 ** 20);
  expect({ code, stdout }, stderr).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain("The part that arrived is kept: run the same command to resume.");
  expect(stderr).toMatch(/^cifar10 \d.* of 162 MiB/m);
  expect(statSync(part).size).toBe(2 ** 20);
  expect((await fetchUntil(2 ** 21)).code).toBe(130);
  expect(ranges).toEqual([undefined, `bytes=${2 ** 20}-`]);
});

test("https goes through the proxy of the environment, in a tunnel to the server whose certificate is checked", async () => {
  // openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=files.test
  //   -addext "subjectAltName=DNS:files.test,IP:127.0.0.1"
  const certificate = "test/fixtures/tls/files.test.cert.pem";
  const secure = createSecureServer(
    { key: readFileSync("test/fixtures/tls/files.test.key.pem"), cert: readFileSync(certificate) },
    (_, response) => response.end("ten bytes!"),
  );
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const proxy = await startProxy((secure.address() as AddressInfo).port);
  const fetched = (from: string, more: Record<string, string>) =>
    startWith(
      {
        ...{ STRATA_CACHE_DIR: join(folder, "proxied"), NO_PROXY: "", no_proxy: "" },
        ...{ https_proxy: `http://me:secret@127.0.0.1:${proxy.port}`, ...more },
      },
      ...["fetch", "cifar10", "--from", from],
    ).ended;
  const trusted = { NODE_EXTRA_CA_CERTS: certificate };
  const [right, wrong, unknown] = await Promise.all([
    fetched("https://files.test/ten", trusted),
    fetched("https://other.test/ten", trusted),
    fetched("https://files.test/ten", {}),
  ]);
  expect(right.stderr).toContain(`Fetching through the proxy http://127.0.0.1:${proxy.port} (https_proxy).`);
  expect(right.stderr).toContain("Expected 170052171 bytes from https://files.test/ten, but the server has 10");
  expect(wrong.stderr).toMatch(/Expected an answer from https:\/\/other\.test\/ten, .*altnames/);
  expect(unknown.stderr).toMatch(/Expected an answer from https:\/\/files\.test\/ten, .*self-signed certificate/);
  for (const { code, stderr } of [right, wrong, unknown]) {
    expect(code).toBe(2);
    expect(stderr).not.toContain("secret");
  }
  expect([...proxy.asked].sort()).toEqual(
    ["files.test", "files.test", "other.test"].map((host) => `CONNECT ${host}:443 me:secret`),
  );
  proxy.close();
  secure.closeAllConnections();
  secure.close();
});

test.each([
  [["cifar10", "--from", "ftp://example.org/x"], /Expected an http or https address, got ftp:\/\/example\.org\/x/],
  [["cifar10", "--from", "package.json"], /Expected a file of 170052171 bytes, but package\.json has \d+/],
  [["inception", "--from", "URL/ten"], /Expected 95628359 bytes from http:.*\/ten, but the server has 10: /],
  [["imagenet"], /Allowed choices are cifar10, inception/],
])("fetch %j is refused with exit code 2", async (words, message) => {
  const given = words.map((word) => word.replace("URL", url));
  const { code, stdout, stderr } = await startWith(
    { STRATA_CACHE_DIR: join(folder, "refused"), NO_PROXY: "*", no_proxy: "*" },
    "fetch",
    ...given,
  ).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});
