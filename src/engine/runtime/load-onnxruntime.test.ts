import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { packageVersion } from "../../version.js";
import { loadError, loadOnnxRuntime } from "./load-onnxruntime.js";

const ours = packageVersion("onnxruntime-node");
const folder = mkdtempSync(join(tmpdir(), "strata-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of the native library of an installed onnxruntime-node. */
function install(version: string): string {
  const home = join(folder, version, "node_modules", "onnxruntime-node");
  mkdirSync(join(home, "bin", "linux"), { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "onnxruntime-node", version }));
  return join(home, "bin", "linux", "libonnxruntime.so.1");
}

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

const clash = failure("ERR_DLOPEN_FAILED", `libonnxruntime.so.1: version \`VERS_${ours}' not found`);

test("another version in the process: one sentence names both, and what to do", () => {
  const libraries = ["/usr/lib/libc.so.6", install("1.22.0"), install(ours)];
  const error = loadError(clash, () => libraries);
  expect(error).toBeInstanceOf(UserError);
  expect(error?.message).toBe(
    `Strata computes with onnxruntime-node ${ours}, but this process has loaded onnxruntime-node 1.22.0 already, and it can ` +
      `hold one version only. Install onnxruntime-node@${ours} for the other program too, or run Strata in a process of its own.`,
  );
});

test("a library that cannot be loaded for another reason is told with that reason", () => {
  const musl = failure("ERR_DLOPEN_FAILED", "ld-linux-x86-64.so.2: cannot open shared object file");
  expect(loadError(musl, () => [])?.message).toMatch(/ld-linux-x86-64.so.2: cannot open.*It needs glibc/);
  expect(loadError(clash, () => [install(ours)])?.message).toContain(`version \`VERS_${ours}' not found`);
});

test("a platform without a library is named", () => {
  const missing = failure("MODULE_NOT_FOUND", "Cannot find module '../bin/napi-v6/sunos/x64/onnxruntime_binding.node'");
  expect(loadError(missing, () => [], "sunos x64")?.message).toBe(
    `Strata computes with onnxruntime-node ${ours}, which has no library for sunos x64.`,
  );
});

test("other errors stay what they are", async () => {
  const other = failure("MODULE_NOT_FOUND", "Cannot find module 'zod'");
  await expect(loadOnnxRuntime(() => Promise.reject(other))).rejects.toBe(other);
  expect(await loadOnnxRuntime(async () => 3)).toBe(3);
});
