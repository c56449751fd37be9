/**
 * @file Native memory, functions and libraries as the binding needs them. An address is a `bigint`, a C structure a row
 * of 64-bit words.
 */
import { createRequire } from "node:module";

type Koffi = typeof import("koffi");

let loaded: Koffi | undefined;

/** Loaded when it is first needed: whoever computes on another device can do without. */
const koffi = (): Koffi => {
  loaded ??= createRequire(import.meta.url)("koffi") as Koffi;
  return loaded;
};

/** A word of a structure: a number, or an array whose address it is. */
export type Word = number | bigint | NodeJS.ArrayBufferView;

/** A C structure. What its words point at lives as long as it does. */
export class Struct extends BigUint64Array {
  pointees: readonly Word[] = [];
}

/** The address of the elements; 0 where there are none. */
const addressOf = (array: NodeJS.ArrayBufferView): bigint => (array.byteLength === 0 ? 0n : koffi().address(array));

/** A word's 64 bits. */
export const bitsOf = (word: Word): bigint => (typeof word === "object" ? addressOf(word) : BigInt(word));

/**
 * A structure as PJRT has them all: its size, a pointer to extensions (none), then its fields.
 *
 * @param bytes - `sizeof` the structure: fields that are not given are 0, and the plugin may write to them
 */
export function struct(bytes: number, ...fields: Word[]): Struct {
  const result = new Struct(Math.ceil(bytes / 8));
  result.set([BigInt(bytes), 0n, ...fields.map(bitsOf)]);
  result.pointees = fields;
  return result;
}

/** A copy of bytes at an address. */
export const bytesAt = (address: bigint, length: bigint): Uint8Array =>
  length === 0n ? new Uint8Array() : koffi().decode(address, "uint8_t", Number(length));

/** A copy of text at an address. */
export const textAt = (address: bigint, length: bigint): string => new TextDecoder().decode(bytesAt(address, length));

/** A copy of words at an address. */
export const wordsAt = (address: bigint, length: bigint): BigUint64Array =>
  length === 0n ? new BigUint64Array() : koffi().decode(address, "uint64_t", Number(length));

/** A function that takes one pointer and returns one, or nothing. */
export type NativeFunction = (argument: Struct | bigint) => bigint | null;

let nativeFunction: ReturnType<Koffi["proto"]> | undefined;

/** The function at an address. */
export function functionAt(address: bigint): NativeFunction {
  nativeFunction ??= koffi().proto("void *", ["void *"]);
  return koffi().decode(address, nativeFunction) as NativeFunction;
}

/** What `dlopen` has to do, by platform: bind all symbols now, and never unload. */
const FLAGS: { readonly [platform in NodeJS.Platform]?: number } = { linux: 0x2 | 0x1000, darwin: 0x2 | 0x80 };

/** Whether libraries can be opened on this system. */
export const canOpenLibraries = (platform: NodeJS.Platform): boolean => FLAGS[platform] !== undefined;

/**
 * Opens a library for the life of the process: libraries with C++ objects that are taken out of a process crash it when
 * it exits. (koffi's own `load` would take it out.)
 *
 * @returns a lookup of its symbols, 0 for one that it does not have
 * @throws Error with the system's words when it cannot be opened
 */
export function openLibrary(path: string): (symbol: string) => bigint {
  const program = koffi().load(null);
  const open = program.func("void *dlopen(const char *path, int flags)");
  const lookup = program.func("void *dlsym(void *library, const char *symbol)");
  const error = program.func("const char *dlerror()");
  const library = open(path, FLAGS[process.platform]) as bigint | null;
  if (library === null) throw new Error(String(error()));
  return (symbol) => (lookup(library, symbol) as bigint | null) ?? 0n;
}

/** Sets a variable in the environment that libraries read, which in threads is not `process.env`, unless it is set. */
export function setDefault(variable: string, value: string): void {
  const set = koffi().load(null).func("int setenv(const char *variable, const char *value, int replace)");
  set(variable, value, 0);
}
