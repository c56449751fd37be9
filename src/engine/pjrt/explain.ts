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

function explainFault(fault: PluginFault, plugin: Plugin): UserError {
  const { path } = plugin;
  const failure = (problem: string, advice: string) =>
    new UserError("environment", problem, { advice, details: { path } });
  switch (fault.kind) {
    case "platform":
      return failure(
        `PJRT plugins run on Linux and macOS, and this is ${fault.platform}.`,
        "On Windows, use the Windows Subsystem for Linux.",
      );
    case "not-loadable":
      return failure(
        `The PJRT plugin ${path} cannot be loaded: ${fault.reason}.`,
        whereToGet(missingLibrary(fault.reason), plugin) ?? "Install it anew, for this system and processor.",
      );
    case "another":
      return failure(
        `This process has loaded the PJRT plugin ${fault.loaded} already, and cannot load ${path} too: two copies of XLA in one ` +
          "process crash it.",
        "Use the first one, or run the other in a process of its own.",
      );
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

/** What plugins say when their devices cannot be used, what that means, and what to do about it. */
const KNOWN: readonly {
  kind: Plugin["kind"];
  says: RegExp;
  problem: string;
  advice: (path: string) => string;
}[] = [
  {
    kind: "cuda",
    says: /driver version is insufficient|SYSTEM_DRIVER_MISMATCH/i,
    problem: "NVIDIA's driver is older than the plugin needs.",
    advice: () => "Install a newer driver, or a plugin for an older CUDA.",
  },
  {
    kind: "cuda",
    says: /No visible GPU devices|no CUDA-capable device/i,
    problem: "XLA sees no GPU.",
    advice: () =>
      "Check that `nvidia-smi` lists one, that CUDA_VISIBLE_DEVICES does not hide it and that the driver is new enough.",
  },
  {
    kind: "rocm",
    says: /No visible GPU devices|no ROCm-capable device/i,
    problem: "XLA sees no GPU.",
    advice: () => "Check that `rocminfo` lists one, and that ROCR_VISIBLE_DEVICES does not hide it.",
  },
  {
    kind: "cuda",
    says: /libdevice|No PTX compilation provider|ptxas/i,
    problem: "XLA cannot compile for the GPU, since the plugin finds no CUDA compiler.",
    advice: (path) => `${installBeside("cuda-nvcc", path)} brings ptxas and libdevice.`,
  },
  {
    kind: "cuda",
    says: /DNN library (initialization failed|is not found)/i,
    problem: "XLA cannot use cuDNN.",
    advice: (path) => `${installBeside("cudnn", path)} gets it; a driver that is too old is another cause.`,
  },
  {
    kind: "tpu",
    says: /already in use|libtpu_lockfile/i,
    problem: "Another process uses the TPU.",
    advice: () => "Only one at a time can: wait for it to end, or end it.",
  },
];

function explainError(error: PjrtError, plugin: Plugin): Error {
  const { code, message, entry } = error;
  const failure = (problem: string, advice?: string) =>
    new UserError("environment", problem, {
      ...(advice === undefined ? {} : { advice }),
      details: { path: plugin.path, status: code },
    });
  if (code === "RESOURCE_EXHAUSTED") return outOfMemory(error);
  const known = KNOWN.find(({ kind, says }) => kind === plugin.kind && says.test(message));
  if (known !== undefined) return failure(known.problem, known.advice(plugin.path));
  const library = missingLibrary(message);
  const source = whereToGet(library, plugin);
  if (source !== undefined) return failure(`XLA cannot load ${library}.`, source);
  if (code === "INVALID_ARGUMENT") {
    return new Error(`Internal error; please report it. XLA refused what it was given: ${message}`, { cause: error });
  }
  return failure(`XLA failed with ${code} in ${entry}: ${message}`);
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

/**
 * The library that could not be found, in the words of the dynamic linker or of a plugin; undefined for other failures.
 */
const missingLibrary = (message: string): string | undefined =>
  /(lib[\w+-]+\.so[.\d]*): cannot open shared object file/.exec(message)?.[1] ??
  /could not (?:load|find)[^']*'?(lib[\w+-]+\.so[.\d]*)/i.exec(message)?.[1];

/** Where a library that a plugin misses comes from; undefined where that is not known. */
function whereToGet(library: string | undefined, { path, kind }: Plugin): string | undefined {
  if (library === undefined || path.endsWith(library)) return undefined;
  if (kind === "rocm") return "It is part of ROCm: install the version that the plugin is for.";
  if (library.startsWith("libcuda.so")) return "It is part of NVIDIA's driver: install that.";
  const known = LIBRARIES.find(([file]) => file.test(library));
  return known && `${installBeside(known[1], path)} gets it.`;
}

/**
 * A command that installs one of NVIDIA's packages, for the CUDA version of a plugin, into the folder that has the
 * plugin's.
 */
function installBeside(name: string, plugin: string): string {
  const cuda = /xla_cuda(\d+)/.exec(dirname(plugin))?.[1] ?? "12";
  const suffix = cuda === "12" || ["cudnn", "nccl", "nvshmem"].includes(name) ? `-cu${cuda}` : "";
  const plugins = dirname(dirname(plugin));
  const folder = basename(plugins) === "jax_plugins" ? dirname(plugins) : "DIR";
  return `\`pip install --target ${folder} nvidia-${name}${suffix}\``;
}
