/** @file PJRT plugins for tests: real ones, where there are any, and a mock that fails on demand. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolders, pluginsIn } from "../../src/engine/pjrt/find-plugin.js";

/** A plugin to test with; without a path where there is none, so that its tests can be named and skipped. */
export interface TestPlugin {
  name: string;
  path?: string;
}

/**
 * CPU plugins: those of STRATA_TEST_XLA_PLUGINS, a list of files and of folders of Python packages, as PATH is one; or
 * those of this machine's Python.
 */
export function xlaPlugins(env: NodeJS.ProcessEnv): [TestPlugin, ...TestPlugin[]] {
  const named = env.STRATA_TEST_XLA_PLUGINS?.split(delimiter).filter((path) => path !== "");
  const folders = named ?? packageFolders({ env, cwd: process.cwd(), home: homedir() });
  const [first, ...rest] = folders
    .flatMap((path) => (statSync(path).isDirectory() ? pluginsIn(path) : [{ path, kind: "cpu" }]))
    .filter(({ kind }) => kind === "cpu")
    .map(({ path }) => ({ name: basename(dirname(path)), path }));
  return first === undefined ? [{ name: "none is here: name some in STRATA_TEST_XLA_PLUGINS" }] : [first, ...rest];
}

/** What the first plugin is told: to optimise little, since to compile takes longer than to run. */
export const QUICK_TO_COMPILE = { xla_backend_optimization_level: 0, xla_cpu_use_fusion_emitters: false };

/** The same for a process of its own: the value of XLA_FLAGS. */
export const quickFlags = Object.entries(QUICK_TO_COMPILE)
  .map(([name, value]) => `--${name}=${value}`)
  .join(" ");

/** Whether there is a C compiler to make a mock with. */
export const hasCompiler = ((): boolean => {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const mocks = new Map<string, string>();

/**
 * A plugin of `mock-pjrt-plugin.c`.
 *
 * @param macros - what makes it differ: `{ MINOR: "80" }`
 * @returns its path, the same for the same macros
 */
export function mockPlugin(macros: Readonly<Record<string, string>> = {}): string {
  const settings = Object.entries({ _GNU_SOURCE: "1", ...macros }).map(([name, value]) => `-D${name}=${value}`);
  const known = mocks.get(settings.join());
  if (known !== undefined) return known;
  const path = join(mkdtempSync(join(tmpdir(), "strata-pjrt-")), "mock.so");
  const source = fileURLToPath(new URL("mock-pjrt-plugin.c", import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", ...settings, "-o", path, source]);
  mocks.set(settings.join(), path);
  return path;
}
