/** @file Why ONNX Runtime could not be loaded, in words that say what to do: its native library is one a process. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { packageVersion } from "../../version.js";
import { loadedLibraries } from "../native.js";

const LIBRARY = "onnxruntime-node";

/**
 * What `load` imports, which includes ONNX Runtime.
 *
 * @throws UserError where its library is not for this machine, or another version of it is in the process already
 */
export async function loadOnnxRuntime<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw loadError(error as NodeJS.ErrnoException) ?? error;
  }
}

/**
 * The error that a user can mend, of one that Node threw while it loaded the library; undefined when it is another.
 *
 * @param loaded - paths of the native libraries in the process
 * @param platform - as Node names it: "linux x64"
 */
export function loadError(
  { code, message }: NodeJS.ErrnoException,
  loaded: () => string[] = loadedLibraries,
  platform = `${process.platform} ${process.arch}`,
): UserError | undefined {
  const missing = code === "MODULE_NOT_FOUND" && message.includes("onnxruntime_binding.node");
  if (code !== "ERR_DLOPEN_FAILED" && !missing) return undefined;
  const ours = `${LIBRARY} ${packageVersion(LIBRARY)}`;
  if (missing)
    return new UserError("environment", `Strata computes with ${ours}, which has no library for ${platform}.`);
  const others = loaded().filter((path) => /onnxruntime[^/\\]*\.(so|dll|dylib|node)/.test(path));
  const other = others.map(versionAbove).find((version) => version !== undefined && `${LIBRARY} ${version}` !== ours);
  if (other) {
    return new UserError(
      "environment",
      `Strata computes with ${ours}, but this process has loaded ${LIBRARY} ${other} already, and it can hold one version ` +
        `only. Install ${ours.replace(" ", "@")} for the other program too, or run Strata in a process of its own.`,
    );
  }
  const musl = message.includes("ld-linux") ? " It needs glibc: Alpine Linux does not have it." : "";
  return new UserError(
    "environment",
    `Cannot load the library of ${ours}, with which Strata computes: ${message}.${musl}`,
  );
}

/** The version of the onnxruntime-node that a file is of. */
function versionAbove(path: string): string | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
      if (manifest.name === LIBRARY) return manifest.version;
    } catch {} // no such file here: look above
  }
  return undefined;
}
