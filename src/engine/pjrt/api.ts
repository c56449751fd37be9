/**
 * @file The C interface of PJRT plugins, through which XLA compiles and runs programs on CPUs, GPUs and TPUs
 * (`xla/pjrt/c/pjrt_c_api.h` of OpenXLA).
 *
 * A plugin is a library with one symbol, `GetPjrtApi`, that returns a table of functions. Every function takes the
 * address of a structure of arguments and returns the address of an error, or null. Entries are only ever appended to
 * the table, and fields to the structures, each of which begins with its size. So offsets and sizes of version 0.81
 * serve all later versions.
 */
import { existsSync, realpathSync } from "node:fs";
import {
  canOpenLibraries,
  functionAt,
  loadedLibraries,
  type NativeFunction,
  openLibrary,
  setDefault,
  textAt,
  type Word,
  wordsAt,
} from "../native.js";
import { PjrtError, PluginError } from "./errors.js";
import { pluginAt } from "./plugin.js";
import { type Struct, struct } from "./struct.js";

/** The entries in use, by their place in the table in bytes. */
const ENTRIES = {
  PJRT_Error_Destroy: 40,
  PJRT_Error_Message: 48,
  PJRT_Error_GetCode: 56,
  PJRT_Plugin_Initialize: 64,
  PJRT_Event_Destroy: 80,
  PJRT_Event_Await: 104,
  PJRT_Client_Create: 120,
  PJRT_Client_Destroy: 128,
  PJRT_Client_PlatformName: 136,
  PJRT_Client_PlatformVersion: 152,
  PJRT_Client_AddressableDevices: 168,
  PJRT_Client_Compile: 200,
  PJRT_Client_BufferFromHostBuffer: 216,
  PJRT_DeviceDescription_Id: 224,
  PJRT_DeviceDescription_Kind: 248,
  PJRT_DeviceDescription_DebugString: 256,
  PJRT_Device_GetDescription: 272,
  PJRT_Device_MemoryStats: 312,
  PJRT_Executable_Destroy: 360,
  PJRT_Executable_NumOutputs: 392,
  PJRT_Executable_OptimizedProgram: 424,
  PJRT_Executable_Serialize: 432,
  PJRT_LoadedExecutable_Destroy: 440,
  PJRT_LoadedExecutable_GetExecutable: 448,
  PJRT_LoadedExecutable_Execute: 480,
  PJRT_Executable_DeserializeAndLoad: 488,
  PJRT_Buffer_Destroy: 504,
  PJRT_Buffer_Dimensions: 520,
  PJRT_Buffer_OnDeviceSizeInBytes: 552,
  PJRT_Buffer_IsDeleted: 584,
  PJRT_Buffer_ToHostBuffer: 600,
  PJRT_TopologyDescription_Create: 696,
  PJRT_TopologyDescription_Destroy: 704,
  PJRT_Compile: 752,
  PJRT_Executable_GetCompiledMemoryStats: 808,
} as const;

export type Entry = keyof typeof ENTRIES;

/** The oldest version whose structures are those of the binding, of major version 0. */
const OLDEST_MINOR = 81;

/** Far above all versions there are: a table that claims more is none. */
const IMPLAUSIBLE = 10_000;

/** A loaded plugin: its functions, to be called by name. */
export class Api {
  readonly #functions = new Map<Entry, NativeFunction>();

  /** @param table - a copy of the plugin's table */
  constructor(
    readonly path: string,
    private readonly table: BigUint64Array,
  ) {}

  /** The version of PJRT that the plugin speaks: "0.115". */
  get version(): string {
    return `${int32(this.table[4])}.${int32(this.table[4] >> 32n)}`;
  }

  /**
   * Calls a function of the plugin.
   *
   * @param bytes - `sizeof` its structure of arguments
   * @param fields - the structure's fields, from the third word on
   * @returns the structure, with what the function wrote into it
   * @throws PjrtError when the plugin reports one
   * @throws PluginError when the plugin does not have the function
   */
  call(entry: Entry, bytes: number, ...fields: Word[]): Struct {
    const argument = struct(bytes, ...fields);
    const error = this.#function(entry)(argument);
    if (error !== 0n) throw this.#taken(error, entry);
    return argument;
  }

  #function(entry: Entry): NativeFunction {
    let found = this.#functions.get(entry);
    if (found === undefined) {
      const address = this.table[ENTRIES[entry] / 8] ?? 0n; // an older table is shorter
      if (address === 0n) throw new PluginError(this.path, { kind: "missing-entry", entry });
      found = functionAt(address, 1);
      this.#functions.set(entry, found);
    }
    return found;
  }

  /** An error of the plugin's as one of JavaScript's; the plugin's is given back. */
  #taken(error: bigint, entry: Entry): PjrtError {
    const message = struct(40, error);
    this.#function("PJRT_Error_Message")(message);
    const code = struct(28, error);
    this.#function("PJRT_Error_GetCode")(code);
    const taken = new PjrtError(textAt(message[3], message[4]), int32(code[3]), entry);
    this.#function("PJRT_Error_Destroy")(struct(24, error));
    return taken;
  }
}

/** The C `int` in the lower half of a word. */
export const int32 = (word: bigint): number => Number(BigInt.asIntN(32, word));

const loaded = new Map<string, Api>();

/**
 * Loads a plugin, for the life of the process. Its log, which goes to the standard error output and has a line for each
 * failure, is silenced unless `TF_CPP_MIN_LOG_LEVEL` is set.
 *
 * @throws PluginError when the file is no plugin, or one of a version that cannot be used
 */
export function loadPlugin(path: string): Api {
  const file = realPath(path);
  const known = loaded.get(file);
  if (known !== undefined) return known;
  if (!canOpenLibraries(process.platform)) {
    throw new PluginError(path, { kind: "platform", platform: process.platform });
  }
  const other = otherPlugin(path);
  if (other !== undefined) throw new PluginError(path, { kind: "another", loaded: other });
  const api = new Api(path, tableOf(path));
  api.call("PJRT_Plugin_Initialize", 16);
  loaded.set(file, api);
  return api;
}

/**
 * Another plugin that some thread of the process has loaded. Libraries of C++ share what the linker calls unique symbols, and two
 * versions of XLA spoil each other's.
 */
function otherPlugin(path: string): string | undefined {
  return loadedLibraries().find(
    (library) => pluginAt(library).kind !== "unknown" && realPath(library) !== realPath(path),
  );
}

const realPath = (file: string): string => (existsSync(file) ? realpathSync(file) : file);

/** A copy of a plugin's table, checked for its version. */
function tableOf(path: string): BigUint64Array {
  let symbol: (name: string) => bigint;
  try {
    setDefault("TF_CPP_MIN_LOG_LEVEL", "3"); // read when the library is loaded
    symbol = openLibrary(path);
  } catch (error) {
    throw new PluginError(path, { kind: "not-loadable", reason: (error as Error).message });
  }
  const getApi = symbol("GetPjrtApi");
  const address = getApi === 0n ? 0n : functionAt(getApi, 0)();
  if (address === 0n) throw new PluginError(path, { kind: "no-plugin" });
  const [size, , , , version] = wordsAt(address, 5n);
  const [major, minor] = [int32(version), int32(version >> 32n)];
  if (size < 40n || size > 8n * BigInt(IMPLAUSIBLE) || minor < 0 || minor > IMPLAUSIBLE) {
    throw new PluginError(path, { kind: "no-plugin" });
  }
  if (major !== 0 || minor < OLDEST_MINOR) throw new PluginError(path, { kind: "version", major, minor });
  return wordsAt(address, size / 8n);
}
