/**
 * @file The C interface of ONNX Runtime (its `onnxruntime_c_api.h`), in the library of its npm package.
 *
 * The library has one symbol, `OrtGetApiBase`, which leads to a table of functions. Entries are only ever appended to a
 * version's table, so places of version 20 serve all later versions. A function that can fail returns the address of a status,
 * or null; one that makes something writes its address where its last argument says.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Address, functionAt, type NativeFunction, openLibrary, stringAt, type Word, wordsAt } from "../native.js";

/** The functions in use: their place in the table, and how many arguments they take. */
const ENTRIES = {
  GetErrorMessage: [2, 1],
  CreateEnv: [3, 3],
  CreateSessionFromArray: [8, 5],
  Run: [9, 8],
  CreateSessionOptions: [10, 1],
  DisableMemPattern: [17, 1],
  SetSessionLogSeverityLevel: [22, 2],
  SetSessionGraphOptimizationLevel: [23, 2],
  SetIntraOpNumThreads: [24, 2],
  SetInterOpNumThreads: [25, 2],
  CreateTensorWithDataAsOrtValue: [49, 7],
  GetTensorMutableData: [51, 2],
  GetTensorShapeElementCount: [64, 2],
  GetTensorTypeAndShape: [65, 2],
  CreateCpuMemoryInfo: [69, 3],
  ReleaseEnv: [92, 1],
  ReleaseStatus: [93, 1],
  ReleaseMemoryInfo: [94, 1],
  ReleaseSession: [95, 1],
  ReleaseValue: [96, 1],
  ReleaseTensorTypeAndShapeInfo: [99, 1],
  ReleaseSessionOptions: [100, 1],
  AddSessionConfigEntry: [130, 3],
} as const satisfies Record<string, readonly [place: number, count: number]>;

type Entry = keyof typeof ENTRIES;
type Made = Extract<Entry, `Create${string}` | `Get${string}`>;
type Released = Extract<Entry, `Release${string}`>;

const VERSION = 20;
const LARGEST_PLACE = Math.max(...Object.values(ENTRIES).map(([place]) => place));

export class OnnxRuntimeApi {
  readonly #functions = new Map<Entry, NativeFunction>();

  /** @param table - a copy of the library's table */
  constructor(private readonly table: BigUint64Array) {}

  /** @throws Error with the library's words when it reports a failure */
  call(entry: Exclude<Entry, Released>, ...words: Word[]): void {
    const status = this.#function(entry)(...words);
    if (status === 0n) return;
    const message = stringAt(this.#function("GetErrorMessage")(status));
    this.release("ReleaseStatus", status);
    throw new Error(message);
  }

  /** What a function makes, or finds: an address or a number. */
  made(entry: Made, ...words: Word[]): Address {
    const place = new BigUint64Array(1);
    this.call(entry, ...words, place);
    return place[0];
  }

  /** Gives back what the library has made. */
  release(entry: Released, address: Address): void {
    this.#function(entry)(address);
  }

  #function(entry: Entry): NativeFunction {
    const [place, count] = ENTRIES[entry];
    const found = this.#functions.get(entry) ?? functionAt(this.table[place], count);
    this.#functions.set(entry, found);
    return found;
  }
}

/** Where npm has put the library; undefined where the package has none for this machine. */
function libraryPath(): string | undefined {
  const root = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")), "..");
  const folder = join(root, "bin", "napi-v6", process.platform, process.arch);
  const file = readdirSync(folder).find((name) => /^libonnxruntime\.(so|[\d.]+dylib)/.test(name));
  return file && join(folder, file);
}

/** @throws Error when the library is not there, cannot be opened, or is older than the interface */
export function loadApi(): OnnxRuntimeApi {
  const path = libraryPath();
  if (path === undefined) throw new Error("ONNX Runtime has no library for this machine.");
  const [getApi] = wordsAt(functionAt(openLibrary(path)("OrtGetApiBase"), 0)(), 1n);
  const table = functionAt(getApi, 1)(VERSION);
  if (table === 0n) throw new Error(`ONNX Runtime in ${path} is older than its interface ${VERSION}.`);
  return new OnnxRuntimeApi(wordsAt(table, BigInt(LARGEST_PLACE + 1)));
}
