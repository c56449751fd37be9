/** @file Native memory, functions and libraries as bindings need them. An address is a `bigint`, an argument a 64-bit word. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

type Koffi = typeof import("koffi");

let loaded: Koffi | undefined;

/** Loaded when it is first needed: whoever computes on another device can do without. */
const koffi = (): Koffi => {
  loaded ??= createRequire(import.meta.url)("koffi") as Koffi;
  return loaded;
};

/** Where something lies; 0 is null. */
export type Address = bigint;

/** A number, or an array whose address it is. */
export type Word = number | bigint | NodeJS.ArrayBufferView;

/** The address of the elements, which stay there; 0 where there are none. (Small arrays move until their buffer is asked for.) */
export const addressOf = ({ buffer, byteOffset, byteLength }: NodeJS.ArrayBufferView): Address =>
  byteLength === 0 ? 0n : koffi().address(buffer) + BigInt(byteOffset);

/** A word's 64 bits. */
export const bitsOf = (word: Word): bigint => (typeof word === "object" ? addressOf(word) : BigInt(word));

/** A copy of bytes at an address. */
export const bytesAt = (address: bigint, length: bigint): Uint8Array =>
  length === 0n ? new Uint8Array() : koffi().decode(address, "uint8_t", Number(length));

/** A copy of text at an address. */
export const textAt = (address: bigint, length: bigint): string => new TextDecoder().decode(bytesAt(address, length));

/** Text that ends with a 0. */
export const stringAt = (address: Address): string => koffi().decode(address, "char", -1);

/** A copy of words at an address. */
export const wordsAt = (address: bigint, length: bigint): BigUint64Array =>
  length === 0n ? new BigUint64Array() : koffi().decode(address, "uint64_t", Number(length));

/** A function whose arguments and result are words; 0 is null. */
export type NativeFunction = (...words: Word[]) => bigint;

const prototypes = new Map<number, ReturnType<Koffi["proto"]>>();

/** The function at an address, of so many arguments: pointers and whole numbers. */
export function functionAt(address: bigint, count: number): NativeFunction {
  const known = prototypes.get(count);
  const prototype = known ?? koffi().proto("void *", new Array(count).fill("uint64_t"));
  prototypes.set(count, prototype);
  const call = koffi().decode(address, prototype) as (...words: bigint[]) => bigint | null;
  return (...words) => call(...words.map(bitsOf)) ?? 0n; // the arrays live until it returns: `words` holds them
}

/** What `dlopen` has to do, by platform: bind all symbols now, and never unload. */
const FLAGS: { readonly [platform in NodeJS.Platform]?: number } = { linux: 0x2 | 0x1000, darwin: 0x2 | 0x80 };

/** And so that libraries which are opened later find its symbols. */
const GLOBAL: { readonly [platform in NodeJS.Platform]?: number } = { linux: 0x100, darwin: 0x8 };

/** Whether libraries can be opened on this system. */
export const canOpenLibraries = (platform: NodeJS.Platform): boolean => FLAGS[platform] !== undefined;

/**
 * Opens a library for the life of the process: libraries with C++ objects that are taken out of a process crash it when
 * it exits. (koffi's own `load` would take it out.)
 *
 * @param global - whether its symbols are for libraries that are opened later
 * @returns a lookup of its symbols, 0 for one that it does not have
 * @throws Error with the system's words when it cannot be opened
 */
export function openLibrary(path: string, { global = false } = {}): (symbol: string) => bigint {
  const program = koffi().load(null);
  const open = program.func("void *dlopen(const char *path, int flags)");
  const lookup = program.func("void *dlsym(void *library, const char *symbol)");
  const error = program.func("const char *dlerror()");
  const flags = (FLAGS[process.platform] ?? 0) | (global ? (GLOBAL[process.platform] ?? 0) : 0);
  const library = open(path, flags) as bigint | null;
  if (library === null) throw new Error(String(error()));
  return (symbol) => (lookup(library, symbol) as bigint | null) ?? 0n;
}

/**
 * Paths of the libraries that the process has loaded, in whichever thread: on Linux the files in its memory. Elsewhere Node's
 * report lists them, which takes ten milliseconds, and looks at much else while other threads load libraries.
 */
export function loadedLibraries(): string[] {
  if (process.platform !== "linux") {
    return (process.report.getReport() as { sharedObjects?: string[] }).sharedObjects ?? [];
  }
  const mappings = readFileSync("/proc/self/maps", "utf8").matchAll(/ (\/.*)$/gm);
  return [...new Set(Array.from(mappings, ([, path]) => path))];
}

/** Sets a variable in the environment that libraries read, which in threads is not `process.env`, unless it is set. */
export function setDefault(variable: string, value: string): void {
  const set = koffi().load(null).func("int setenv(const char *variable, const char *value, int replace)");
  set(variable, value, 0);
}
