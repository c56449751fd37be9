import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { PjrtError, PluginError, type PluginFault } from "./errors.js";
import { explain } from "./explain.js";
import type { Plugin } from "./plugin.js";

const cuda12: Plugin = { path: "/xla/jax_plugins/xla_cuda12/xla_cuda_plugin.so", kind: "cuda" };
const cuda13: Plugin = { path: "/xla/jax_plugins/xla_cuda13/xla_cuda_plugin.so", kind: "cuda" };
const tpu: Plugin = { path: "/xla/libtpu/libtpu.so", kind: "tpu" };
const rocm: Plugin = { path: "/xla/jax_plugins/xla_rocm7/xla_rocm_plugin.so", kind: "rocm" };

const CODES = {
  INVALID_ARGUMENT: 3,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
};

/** What the user reads of an error of a plugin. */
const explained = (code: keyof typeof CODES, message: string, plugin = cuda12) =>
  explain(new PjrtError(message, CODES[code], "PJRT_Client_Create"), plugin) as UserError;
const faulty = (fault: PluginFault, plugin = cuda12) =>
  explain(new PluginError(plugin.path, fault), plugin) as UserError;

test("no GPU in sight", () => {
  const message = "No visible GPU devices.";
  const error = explained("FAILED_PRECONDITION", message);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code: "environment", details: { path: cuda12.path, status: "FAILED_PRECONDITION" } });
  expect(error.message).toMatch(/^XLA sees no GPU\. .*nvidia-smi.*CUDA_VISIBLE_DEVICES.*driver/);
  expect(explained("FAILED_PRECONDITION", message, rocm).message).toMatch(/rocminfo.*ROCR_VISIBLE_DEVICES/);
});

test("no CUDA compiler: the package that has one, for the plugin's CUDA, in the plugin's folder", () => {
  expect(explained("INTERNAL", "libdevice not found at ./libdevice.10.bc").message).toBe(
    "XLA cannot compile for the GPU, since the plugin finds no CUDA compiler. " +
      "`pip install --target /xla nvidia-cuda-nvcc-cu12` brings ptxas and libdevice.",
  );
  for (const message of ["No PTX compilation provider is available.", "Couldn't find a suitable version of ptxas"]) {
    expect(explained("UNAVAILABLE", message, cuda13).advice).toContain("`pip install --target /xla nvidia-cuda-nvcc`");
  }
});

test("a library that the plugin misses: the package that has it", () => {
  const missing = (library: string, plugin: Plugin) =>
    faulty(
      {
        kind: "not-loadable",
        reason: `${library}: cannot open shared object file: No such file or directory`,
      },
      plugin,
    ).advice;
  expect(missing("libcudnn.so.9", cuda12)).toBe("`pip install --target /xla nvidia-cudnn-cu12` gets it.");
  expect(missing("libcudnn.so.9", cuda13)).toBe("`pip install --target /xla nvidia-cudnn-cu13` gets it.");
  expect(missing("libcublasLt.so.13", cuda13)).toBe("`pip install --target /xla nvidia-cublas` gets it.");
  expect(missing("libcuda.so.1", cuda13)).toContain("driver");
  expect(missing("libodd.so", cuda13)).toContain("Install it anew");
  const elsewhere = { path: "/else/xla_cuda_plugin.so", kind: "cuda" } as const;
  expect(missing("libnccl.so.2", elsewhere)).toBe("`pip install --target DIR nvidia-nccl-cu12` gets it.");
});

test("plugins look for some libraries only when they need them, and say so in words of their own", () => {
  const message = (words: string, plugin = cuda12) => explained("INTERNAL", words, plugin).message;
  expect(message("Could not load dynamic library 'libcusolver.so.11'; dlerror: it is not there")).toBe(
    "XLA cannot load libcusolver.so.11. `pip install --target /xla nvidia-cusolver-cu12` gets it.",
  );
  expect(message("DNN library initialization failed.", cuda13)).toMatch(/^XLA cannot use cuDNN\. .*nvidia-cudnn-cu13/);
  expect(message("librccl.so.1: cannot open shared object file", rocm)).toContain("It is part of ROCm");
  expect(message("CUDA driver version is insufficient for CUDA runtime version")).toMatch(/^NVIDIA's driver is older/);
});

test("files that are no plugins, in one sentence and what to do", () => {
  expect(faulty({ kind: "platform", platform: "win32" }).message).toContain("and this is win32");
  expect(faulty({ kind: "not-loadable", reason: `${cuda12.path}: invalid ELF header` }).message).toBe(
    `The PJRT plugin ${cuda12.path} cannot be loaded: ${cuda12.path}: invalid ELF header. ` +
      "Install it anew, for this system and processor.",
  );
  expect(faulty({ kind: "no-plugin" }).message).toContain("is a library, but no PJRT plugin");
  expect(faulty({ kind: "version", major: 0, minor: 54 }).message).toMatch(
    /speaks version 0\.54 .* Install a newer plugin\.$/,
  );
  expect(faulty({ kind: "version", major: 1, minor: 0 }).advice).toContain("Install a newer Strata");
  expect(faulty({ kind: "missing-entry", entry: "PJRT_Compile" }).message).toContain(
    "does not have the function PJRT_Compile",
  );
});

test("too little memory has a code of its own", () => {
  const error = explained("RESOURCE_EXHAUSTED", "Out of memory while trying to allocate 20GiB.");
  expect(error).toMatchObject({ code: "out-of-memory", details: { status: "RESOURCE_EXHAUSTED" } });
  expect(error.message).toBe("The device has not enough memory: Out of memory while trying to allocate 20GiB.");
});

test("what XLA refuses is our mistake, not the user's", () => {
  const error = explained("INVALID_ARGUMENT", "Execution supplied 0 buffers");
  expect(error).not.toBeInstanceOf(UserError);
  expect(error.message).toMatch(/^Internal error; please report it\. .*supplied 0 buffers$/);
  expect(error.cause).toBeInstanceOf(PjrtError);
});

test("a TPU that another process uses", () => {
  const error = explained("ABORTED", "The TPU is already in use by process with pid 12.", tpu);
  expect(error.message).toMatch(/^Another process uses the TPU\./);
});

test("anything else: the code's name and the plugin's words; and other errors as they are", () => {
  expect(explained("ABORTED", "something odd").message).toBe(
    "XLA failed with ABORTED in PJRT_Client_Create: something odd",
  );
  const other = new Error("no business of a plugin");
  expect(explain(other, cuda12)).toBe(other);
});
