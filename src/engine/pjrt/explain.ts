/** @file What keeps XLA from computing, and what to do about it, in sentences for the user. */
import { basename, dirname } from "node:path";
import { UserError } from "../../errors.js";
import { PjrtError, PluginError, type PluginFault } from "./errors.js";
import type { Plugin } from "./plugin.js";

const INSTALL =
  '`pip install --target DIR "jax-cuda13-plugin[with-cuda]"` gets one for NVIDIA GPUs, with `libtpu` one for TPUs, ' +
  "with `--no-deps lammps-jax-pjrt-cpu` one for CPUs; then set STRATA_XLA_PLUGIN=DIR.";

/** There is no plugin anywhere. */
export function noPluginFound(folders: readonly string[]): UserError {
  const looked =
    folders.length === 0
      ? "there is no Python environment to look in"
      : `the Python packages in ${folders.join(", ")} include none`;
  return new UserError("environment", `XLA needs a PJRT plugin, and ${looked}.`, { advice: INSTALL });
}

/**
 * There is no plugin where one was asked for.
 *
 * @param variable - the environment variable that names the place
 */
export const noPluginAt = (path: string, variable?: string): UserError =>
  new UserError(
    "environment",
    `There is no PJRT plugin at ${path}${variable === undefined ? "" : `, which ${variable} names`}.`,
    { advice: INSTALL, details: { path } },
  );

/** An error of a plugin, as the user should see it; other errors as they are. */
export function explain(error: unknown, plugin: Plugin): unknown {
  if (error instanceof PluginError) return explainFault(error.fault, plugin);
  if (error instanceof PjrtError) return explainError(error, plugin);
  return error;
}

function explainFault(fault: PluginFault, { path }: Plugin): UserError {
  const failure = (problem: string, advice: string) =>
    new UserError("environment", problem, { advice, details: { path } });
  switch (fault.kind) {
    case "platform":
      return failure(
        `PJRT plugins run on Linux and macOS, and this is ${fault.platform}.`,
        "On Windows, use the Windows Subsystem for Linux.",
      );
    case "not-loadable": {
      const missing = /^(\S+?): cannot open shared object file/.exec(fault.reason)?.[1];
      const wheel = missing === undefined || missing === path ? undefined : wheelOf(missing, path);
      return failure(
        `The PJRT plugin ${path} cannot be loaded: ${fault.reason}.`,
        wheel ?? "Install it anew, for this system and processor.",
      );
    }
    case "no-plugin":
      return failure(`${path} is a library, but no PJRT plugin.`, "Name the plugin's own file, or its folder.");
    case "version":
      return failure(
        `The PJRT plugin ${path} speaks version ${fault.major}.${fault.minor} of PJRT; Strata speaks 0.81 and later ` +
          "ones of major version 0.",
        fault.major === 0 ? "Install a newer plugin." : "Install a newer Strata, or an older plugin.",
      );
    case "missing-entry":
      return failure(
        `The PJRT plugin ${path} does not have the function ${fault.entry}.`,
        "Install a newer plugin, or one made with OpenXLA.",
      );
  }
}

function explainError(error: PjrtError, plugin: Plugin): Error {
  const { code, message } = error;
  const failure = (problem: string, advice?: string) =>
    new UserError("environment", problem, {
      ...(advice === undefined ? {} : { advice }),
      details: { path: plugin.path, status: code },
    });
  if (code === "RESOURCE_EXHAUSTED") return outOfMemory(error);
  if (code === "INVALID_ARGUMENT") {
    return new Error(`Internal error; please report it. XLA refused what it was given: ${message}`, { cause: error });
  }
  if (/No visible GPU devices|no (?:CUDA|ROCm)-capable device|failed call to cuInit/i.test(message)) {
    return failure(
      "XLA sees no GPU.",
      plugin.kind === "rocm"
        ? "Check that `rocminfo` lists one, and that ROCR_VISIBLE_DEVICES does not hide it."
        : "Check that `nvidia-smi` lists one, that CUDA_VISIBLE_DEVICES does not hide it, and that the driver is as new " +
            "as the plugin asks.",
    );
  }
  if (/libdevice|No PTX compilation provider|ptxas/i.test(message)) {
    return failure(
      "XLA cannot compile for the GPU, since the plugin finds no CUDA compiler.",
      `${installBeside(nvidia("cuda-nvcc", plugin.path), plugin.path)} brings ptxas and libdevice.`,
    );
  }
  if (plugin.kind === "tpu" && /already in use|in use by (?:another )?process|libtpu_lockfile/i.test(message)) {
    return failure("Another process uses the TPU.", "Only one at a time can: wait for it to end, or end it.");
  }
  return failure(`XLA failed with ${code} in ${error.entry}: ${message}`);
}

/**
 * Not enough memory on the device: smaller micro-batches, or rematerialisation, can help. Told apart by its code,
 * `out-of-memory`.
 */
const outOfMemory = (error: PjrtError): UserError =>
  new UserError("out-of-memory", `The device has not enough memory: ${error.message}`, {
    details: { status: error.code },
  });

/** NVIDIA's libraries by how their files begin, and the packages that have them. */
const LIBRARIES: readonly [file: RegExp, name: string][] = [
  [/^libcudart/, "cuda-runtime"],
  [/^libcublas/, "cublas"],
  [/^libcupti/, "cuda-cupti"],
  [/^libcudnn/, "cudnn"],
  [/^libcufft/, "cufft"],
  [/^libcusolver/, "cusolver"],
  [/^libcusparse/, "cusparse"],
  [/^libnccl/, "nccl"],
  [/^libnvJitLink/, "nvjitlink"],
  [/^libnvrtc/, "cuda-nvrtc"],
  [/^libnvshmem/, "nvshmem"],
];

/** What to install for a library that a plugin misses; undefined where that is not known. */
function wheelOf(library: string, plugin: string): string | undefined {
  if (/^libcuda\.so/.test(library)) return "It is part of NVIDIA's driver: install that.";
  const known = LIBRARIES.find(([file]) => file.test(library));
  return known && `${installBeside(nvidia(known[1], plugin), plugin)} gets it.`;
}

/** NVIDIA's package of this name for the CUDA version of the plugin. */
function nvidia(name: string, plugin: string): string {
  const cuda = /xla_cuda(\d+)/.exec(dirname(plugin))?.[1] ?? "12";
  const suffixed = cuda === "12" || ["cudnn", "nccl", "nvshmem"].includes(name);
  return `nvidia-${name}${suffixed ? `-cu${cuda}` : ""}`;
}

/** A command that installs a package into the folder that has the plugin's own. */
function installBeside(name: string, plugin: string): string {
  const inPlugins = basename(dirname(dirname(plugin))) === "jax_plugins";
  return `\`pip install --target ${inPlugins ? dirname(dirname(dirname(plugin))) : "DIR"} ${name}\``;
}
