/** @file ONNX Runtime for browsers, as its package has it: what is exported beside a model. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { UserError } from "../../errors.js";
import type { WebFile, WebManifest, WebRuntimeFiles } from "../../web/manifest.js";

/** An optional package, which nothing but this needs. */
const RUNTIME_PACKAGE = "onnxruntime-web";

/**
 * The runtime's files for each kind of device, as exported and as its package has them. Scripts are called `.js`, which every
 * server knows.
 */
const RUNTIME_FILES = {
  wasm: {
    module: ["ort/ort.wasm.min.js", "ort.wasm.min.mjs"],
    loader: ["ort/ort-wasm-simd-threaded.js", "ort-wasm-simd-threaded.mjs"],
    binary: ["ort/ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.wasm"],
  },
  webgpu: {
    module: ["ort/ort.webgpu.min.js", "ort.webgpu.min.mjs"],
    loader: ["ort/ort-wasm-simd-threaded.asyncify.js", "ort-wasm-simd-threaded.asyncify.mjs"],
    binary: ["ort/ort-wasm-simd-threaded.asyncify.wasm", "ort-wasm-simd-threaded.asyncify.wasm"],
  },
} as const;

/** The version that the tests run. */
export const RUNTIME_VERSION = "1.30.0";

/** A file as the manifest names it. */
export const webFile = (path: string, bytes: Uint8Array): WebFile => ({
  path,
  bytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

/**
 * The files of ONNX Runtime, from its package.
 *
 * @throws UserError when it is not installed, or is another one
 */
export async function readRuntime(): Promise<{ files: Map<string, Uint8Array>; manifest: WebManifest["runtime"] }> {
  const { version, folder } = await locateRuntime();
  const files = new Map<string, Uint8Array>();
  const read = async ([path, source]: readonly [string, string]) => {
    const bytes = await readFile(join(folder, source));
    files.set(path, bytes);
    return webFile(path, bytes);
  };
  const device = async ({
    module,
    loader,
    binary,
  }: (typeof RUNTIME_FILES)["wasm" | "webgpu"]): Promise<WebRuntimeFiles> => ({
    module: await read(module),
    loader: await read(loader),
    binary: await read(binary),
  });
  const manifest = { version, wasm: await device(RUNTIME_FILES.wasm), webgpu: await device(RUNTIME_FILES.webgpu) };
  return { files, manifest };
}

/** Where its package is installed: for this package, or where the command is called. */
async function locateRuntime(): Promise<{ version: string; folder: string }> {
  const require = createRequire(import.meta.url);
  const candidates = (require.resolve.paths(RUNTIME_PACKAGE) ?? []).concat(join(process.cwd(), "node_modules"));
  const found = candidates
    .map((path) => join(path, RUNTIME_PACKAGE))
    .find((path) => existsSync(join(path, "package.json")));
  if (!found) {
    throw new UserError(
      "environment",
      `Expected the package ${RUNTIME_PACKAGE}, whose files run the model in a browser, but it is not installed.`,
      { advice: `Install it: npm install ${RUNTIME_PACKAGE}@${RUNTIME_VERSION}` },
    );
  }
  const { version } = JSON.parse(await readFile(join(found, "package.json"), "utf8")) as { version: string };
  const dist = join(found, "dist");
  const missing = Object.values(RUNTIME_FILES)
    .flatMap((files) => Object.values(files))
    .find(([, source]) => !existsSync(join(dist, source)));
  if (missing) {
    throw new UserError(
      "environment",
      `Expected ${RUNTIME_PACKAGE} ${RUNTIME_VERSION} with the file dist/${missing[1]}, got ${version} without it in ${found}.`,
      { advice: `Install the other: npm install ${RUNTIME_PACKAGE}@${RUNTIME_VERSION}` },
    );
  }
  return { version, folder: dist };
}
