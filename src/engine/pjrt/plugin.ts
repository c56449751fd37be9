/** @file A plugin's file, and what its name says. */
import { basename } from "node:path";

/** What a plugin computes on; "unknown" for names that are not known. */
type PluginKind = "cuda" | "tpu" | "rocm" | "cpu" | "unknown";

export interface Plugin {
  path: string;
  kind: PluginKind;
}

/** What the files are called, without their extension: the fastest devices first. */
const NAMES: readonly [kind: PluginKind, names: readonly string[]][] = [
  ["cuda", ["xla_cuda_plugin"]],
  ["tpu", ["libtpu"]],
  ["rocm", ["xla_rocm_plugin"]],
  ["cpu", ["pjrt_c_api_cpu_plugin", "libpjrt_cpu"]],
];

/** Kinds with names of their own, the fastest devices first. */
export const KINDS = NAMES.map(([kind]) => kind);

/** The plugin in a file. */
export function pluginAt(path: string): Plugin {
  const name = basename(path).replace(/\.(so|dylib)$/, "");
  return { path, kind: NAMES.find(([, names]) => names.includes(name))?.[0] ?? "unknown" };
}
