/**
 * @file XLA's devices through a PJRT plugin. A program runs on all of them at once: of an array, each has all, or its share of
 * the rows.
 *
 * A run whose results stay on the devices is queued and answered at once; what fails later is thrown when a result is read. So
 * devices never wait for JavaScript as long as a run is asked for before the results of the one before it are read.
 */
import { UserError } from "../../errors.js";
import { loadPlugin } from "../pjrt/api.js";
import type { DeviceBuffer } from "../pjrt/buffer.js";
import { Client } from "../pjrt/client.js";
import type { CompileOptions } from "../pjrt/compile-options.js";
import type { LoadedExecutable } from "../pjrt/executable.js";
import { explain } from "../pjrt/explain.js";
import { type Plugin, pluginAt } from "../pjrt/plugin.js";
import { allocate, sizeOf, type TypedArray } from "../spec.js";
import type { Device, DeviceOperand } from "./device.js";
import { executableOf } from "./executables.js";
import type { ArrayInfo, TensorInfo, XlaSettings } from "./protocol.js";

/** An array on every device. */
interface XlaArray {
  info: ArrayInfo;
  /** The array on each device. */
  copies: DeviceBuffer[];
}

/** What each device is given as one argument, and whether it is there for one run only. */
interface Argument {
  copies: DeviceBuffer[];
  temporary: boolean;
}

/** @throws UserError when the plugin cannot be used, finds no device, or has fewer than asked for */
export function xlaDevice({ plugin: path, devices: wanted, overrides }: XlaSettings): Device<XlaArray> {
  const plugin = pluginAt(path);
  const api = explained(plugin, () => loadPlugin(path));
  const client = explained(plugin, () => new Client(api, plugin.kind === "cpu" ? cpuOptions(wanted) : {}));
  const devices = chosen(client, wanted);

  const upload = (info: ArrayInfo, data: TypedArray): DeviceBuffer[] =>
    devices.map((device) => client.upload(data, info, device));

  /** Each device's share of the rows. */
  function divide({ dtype, shape: [rows, ...rest] }: TensorInfo, data: TypedArray): DeviceBuffer[] {
    const share = { dtype, shape: [rows / devices.length, ...rest] };
    const size = sizeOf(share.shape);
    return devices.map((device, index) =>
      client.upload(data.subarray(size * index, size * (index + 1)), share, device),
    );
  }

  const download = ({ info, copies: [first] }: XlaArray): TypedArray =>
    first.read(allocate(info.dtype, sizeOf(info.shape)));

  const free = ({ copies }: XlaArray): void => {
    for (const copy of copies) copy.dispose();
  };

  function argument(info: TensorInfo, operand: DeviceOperand<XlaArray>): Argument {
    if ("array" in operand && !info.divided) return { copies: operand.array.copies, temporary: false };
    const elements = "array" in operand ? download(operand.array) : operand.elements;
    return { copies: info.divided ? divide(info, elements) : upload(info, elements), temporary: true };
  }

  /** The results of a run on each device; arguments for it alone are given back, also where it cannot begin for want of memory. */
  function executed(executable: LoadedExecutable, given: readonly Argument[]): DeviceBuffer[][] {
    try {
      const lists = devices.map((_, device) => given.map(({ copies }) => copies[device]));
      const { outputs, completion } = executable.execute(lists);
      completion.dispose(); // whatever fails is thrown by reading
      return outputs;
    } finally {
      for (const { copies, temporary } of given) if (temporary) for (const copy of copies) copy.dispose();
    }
  }

  return {
    load: async ({ code, inputs: infos, outputs, keep }) =>
      explained(plugin, () => {
        const count = devices.length;
        const options = { partitions: count, spmd: count > 1, overrides: { ...defaults(client), ...overrides } };
        const executable = executableOf(client, plugin, Buffer.from(code).toString(), options);
        const { arguments: taken, outputs: made, alias, temporary } = executable.program.memory;
        return {
          memory: { arguments: taken, outputs: made - alias, temporary },
          run: async (operands) =>
            explained(plugin, () => {
              const given = operands.map((operand, index) => argument(infos[index], operand));
              const results = executed(executable, given);
              const arrays = outputs.map((info, index) => ({ info, copies: results.map((list) => list[index]) }));
              try {
                return arrays.map((array, index): DeviceOperand<XlaArray> => {
                  if (keep[index]) return { array };
                  const elements = download(array);
                  free(array);
                  return { elements };
                });
              } catch (error) {
                arrays.forEach(free); // of a run that failed nothing is kept
                throw error;
              }
            }),
          release: async () => executable.dispose(),
        };
      }),
    upload: async (info, data) => explained(plugin, () => ({ info, copies: upload(info, data) })),
    download: async (array) => explained(plugin, () => download(array)),
    free,
    describe: () =>
      explained(plugin, () => ({
        platform: client.platform,
        version: client.platformVersion,
        pjrt: api.version,
        devices: devices.map((device) => ({ kind: device.kind, memoryBytes: client.memory(device)?.limit })),
      })),
  };
}

/** XLA's options that differ from its own defaults. */
const defaults = ({ platform }: Client): CompileOptions["overrides"] =>
  platform === "cpu" ? { xla_cpu_enable_fast_min_max: false } : {}; // else the larger of 1 and NaN is 1

/** One device unless more are asked for, where the plugin itself would make four of a processor. */
const cpuOptions = (wanted = 1) => ({ cpu_device_count: wanted });

function chosen({ devices, platform }: Client, wanted?: number) {
  if (wanted !== undefined && wanted > devices.length) {
    throw new UserError(
      "out-of-range",
      `Expected ${wanted} devices, got a machine with ${devices.length} (${platform}).`,
      { advice: "Ask for fewer, or leave `devices` out to use all.", details: { devices: devices.length } },
    );
  }
  // of processors, plugins make several for one
  return devices.slice(0, wanted ?? (platform === "cpu" ? 1 : undefined));
}

/** The result of an action; its errors are those of the user's. */
function explained<T>(plugin: Plugin, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explain(error, plugin);
  }
}
