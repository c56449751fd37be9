import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { serveFolders, type WebServer } from "../../test/support/web-server.js";
import { downloadFile, downloadManifest } from "./download.js";

const content = "weights of a model";
const file = {
  path: "weights.bin",
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};

let server: WebServer;
beforeAll(async () => {
  server = await serveFolders({
    pages: {
      "/weights.bin": content,
      "/shorter": content.slice(1),
      "/longer": `${content}!`,
      "/other": content.toUpperCase(),
    },
    intercept: (path, response) => {
      if (path === "/broken") {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("some", () => response.destroy());
      }
      if (path === "/busy") response.writeHead(503).end();
      return path === "/broken" || path === "/busy";
    },
  });
});
afterAll(() => server.close());
afterEach(() => vi.unstubAllGlobals());

const at = (path: string) => new URL(path, server.origin);

test("a file is what the manifest says, and its bytes are counted as they come", async () => {
  let counted = 0;
  const onBytes = (bytes: number) => {
    counted += bytes;
  };
  const bytes = await downloadFile(at("/weights.bin"), file, { onBytes });
  expect(new TextDecoder().decode(bytes)).toBe(content);
  expect(counted).toBe(content.length);
});

test("it is checked where the browser does not hash by itself, too", async () => {
  vi.stubGlobal("crypto", {});
  await downloadFile(at("/weights.bin"), file, {});
  await expect(downloadFile(at("/other"), file, {})).rejects.toThrow(/expected SHA-256/);
});

test.each([
  ["/shorter", "damaged", /weights|expected 18 bytes, got 17/],
  ["/longer", "damaged", /expected at most 18 bytes, got more/],
  ["/other", "damaged", /expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}/],
  ["/missing", "not-found", /the server answers 404/],
  ["/busy", "network", /the server answers 503/],
  ["/broken", "network", /broke off/],
])("%s is told", async (path, code, message) => {
  const failing = downloadFile(at(path), file, {});
  await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  await expect(failing).rejects.toThrow(path);
});

test("a server that is not there is told, and an aborted download rejects with the reason", async () => {
  await expect(downloadFile(new URL("http://127.0.0.1:1/x"), file, {})).rejects.toMatchObject({ code: "network" });
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(downloadManifest(at("/weights.bin"), { signal })).rejects.toBe(reason);
});
