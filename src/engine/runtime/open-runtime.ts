/** @file A runtime on the device that was asked for, if that can be relied on. */
import { homedir } from "node:os";
import { UserError } from "../../errors.js";
import { formatPower } from "../../number-format.js";
import { testDevice } from "../device-test/verdict.js";
import { findPlugin } from "../pjrt/find-plugin.js";
import type { DeviceDescription } from "./protocol.js";
import { Runtime, type RuntimeOptions, type XlaOptions } from "./runtime.js";

/** Which device {@link openRuntime} opens. */
export interface OpenRuntimeOptions
  extends Omit<RuntimeOptions, "device" | "xla">,
    Pick<XlaOptions, "devices" | "precision"> {
  /** On a GPU: the same bytes from the same start, at some cost in speed. Processors give them anyway. */
  deterministic?: boolean;
  /**
   * `auto` is the CPU: Strata cannot predict whether another device is faster. `xla` finds a PJRT plugin (for GPUs and TPUs);
   * `xla:PATH` names its file, or the folder that it was installed into.
   */
  device?: "auto" | "cpu" | "webgpu" | "xla" | `xla:${string}`;
  /** Called with how a device was tested, when the CPU replaces it, and while a program takes long to compile. */
  onNotice?: (message: string) => void;
}

/** Options that only XLA has, as messages name them. */
const ONLY_XLA = { devices: "`devices`", precision: "`precision`", deterministic: "`deterministic`" } as const;

/** What makes XLA compute the same bytes twice on a GPU. How fast kernels are is measured once: executables are kept on disk. */
const DETERMINISTIC = { xla_gpu_exclude_nondeterministic_ops: true };

/**
 * Opens a runtime. Other devices than the CPU are tested first, against the CPU. Where WebGPU is missing, computes wrongly, hangs or
 * crashes, the CPU takes its place: `runtime.device` says which it is.
 *
 * @throws UserError where XLA cannot be used, or where another device is given XLA's options
 */
export async function openRuntime(options: OpenRuntimeOptions = {}): Promise<Runtime> {
  const { device = "auto", onNotice = () => {}, devices, precision, deterministic, ...others } = options;
  if (device.startsWith("xla")) return openXla(device.slice("xla:".length), options);
  for (const [option, name] of Object.entries(ONLY_XLA)) {
    if (options[option as keyof typeof ONLY_XLA] === undefined) continue;
    throw new UserError("invalid-options", `Expected \`device: "xla"\` with ${name}, got ${device}.`, {
      advice: "It has no effect on other devices: leave it out there.",
    });
  }
  return device === "webgpu" ? openWebGpu(others, onNotice) : new Runtime(others);
}

async function openWebGpu(options: RuntimeOptions, onNotice: (message: string) => void): Promise<Runtime> {
  const verdict = await testDevice({ device: "webgpu" });
  if (!verdict.usable) {
    onNotice(`WebGPU cannot be used here: ${verdict.reason}. Computing on the CPU instead.`);
    return new Runtime(options);
  }
  const { count, deviation } = verdict;
  onNotice(`WebGPU: ${count} kernels agree with the CPU, off by ${formatPower(deviation)} at most.`);
  return new Runtime({ ...options, device: "webgpu" });
}

/** @param path - of a plugin or a folder; empty where one is to be found */
async function openXla(
  path: string,
  { devices: wanted, precision, deterministic, onNotice = () => {} }: OpenRuntimeOptions,
): Promise<Runtime> {
  const found = findPlugin({ env: process.env, cwd: process.cwd(), home: homedir() }, path || undefined);
  const { path: plugin, kind } = found;
  const overrides = deterministic && (kind === "cuda" || kind === "rocm") ? DETERMINISTIC : {};
  const settings = { plugin, devices: wanted, overrides };
  const verdict = await testDevice({ device: "xla", xla: settings }); // to all digits of float32
  if (!verdict.usable) {
    const { reason } = verdict;
    const which = reason.includes(plugin) ? "" : ` with ${plugin}`;
    throw new UserError("environment", `XLA cannot be used${which}: ${reason}${reason.endsWith(".") ? "" : "."}`, {
      details: { path: plugin },
    });
  }
  const runtime = new Runtime({ device: "xla", xla: { ...settings, precision }, onNotice });
  const description = await runtime.describe();
  const { devices } = description;
  onNotice(`XLA: ${devices.length} × ${devices[0].kind} (${softwareOf(description)}), from ${plugin}.`);
  return runtime;
}

/** What of a plugin computes, with its version. For processors some plugins repeat the name in place of a version. */
export const softwareOf = ({ platform, version }: Pick<DeviceDescription, "platform" | "version">): string =>
  version === platform ? platform : `${platform} ${version}`.trimEnd();
