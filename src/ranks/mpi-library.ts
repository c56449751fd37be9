/** @file Finding and opening an MPI library at run time, and the numbers by which each kind names the same things. */
import { existsSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt } from "../attempt.js";
import { type Address, functionAt, type NativeFunction, openLibrary, setDefault, type Word } from "../engine/native.js";
import { UserError } from "../errors.js";
import type { Launcher } from "./launcher.js";

/** How a kind of library names what we use: handles and constants, as words. */
interface Names {
  kind: "Open MPI" | "MPICH" | "MPI ABI";
  world: bigint;
  byte: bigint;
  errorsReturn: bigint;
  statusIgnore: bigint;
  /** Only the thread that initialised MPI calls it. */
  funneled: bigint;
}

/** Functions that we call, and how many arguments they take. */
const ARGUMENTS = {
  MPI_Init_thread: 4,
  MPI_Comm_rank: 2,
  MPI_Comm_size: 2,
  MPI_Comm_set_errhandler: 2,
  MPI_Error_string: 3,
  MPI_Ibarrier: 2,
  MPI_Test: 3,
  MPI_Isend: 7,
  MPI_Iprobe: 5,
  MPI_Recv: 7,
  MPI_Alltoall: 7,
  MPI_Allgather: 7,
  MPI_Bcast: 5,
  MPI_Finalize: 0,
} as const;

type FunctionName = keyof typeof ARGUMENTS;

/** An open library. */
export interface Mpi extends Names {
  path: string;
  /** As it names itself: "Open MPI v4.1.4". */
  version: string;
  /** Calls a function; throws Error with the library's words when it fails. */
  call(name: FunctionName, ...words: Word[]): void;
}

/**
 * Keeps UCX, through which MPI libraries send, from putting code of its own in the place of `mmap`, `malloc` and their relatives, and of the
 * handlers of signals. It patches them while other threads run; a thread of V8 crashed, once in hundreds of starts, and we take that
 * for the cause. What it loses is a cache of registered memory, of which our few long-lived buffers need little. Variables that are
 * set already stay.
 */
const LEAVE_THE_PROCESS_ALONE = { UCX_MEM_EVENTS: "no", UCX_MEM_MALLOC_HOOKS: "no", UCX_ERROR_SIGNALS: "" };

/** Library files by who made them, the likeliest first. Intel's, Cray's and MVAPICH's are MPICH's relatives, and named like it. */
const FILES: Readonly<Record<NodeJS.Platform | string, Record<"openMpi" | "mpich" | "abi", string[]>>> = {
  linux: {
    openMpi: ["libmpi.so.40", "libmpi.so.80"],
    mpich: ["libmpi.so.12", "libmpich.so.12"],
    abi: ["libmpi_abi.so.0", "libmpi_abi.so.1"],
  },
  darwin: {
    openMpi: ["libmpi.40.dylib", "libmpi.80.dylib"],
    mpich: ["libmpi.12.dylib", "libpmpi.12.dylib"],
    abi: ["libmpi_abi.0.dylib", "libmpi_abi.dylib"],
  },
};

/**
 * Where to look for the launcher's own library: beside the program that started this process, whose prefix it shares, then where the
 * system's loader looks.
 *
 * @param parent - path of that program, where it is known
 */
export function candidates(
  { kind }: Pick<Launcher, "kind">,
  { platform, parent }: { platform: NodeJS.Platform; parent?: string },
): string[] {
  const files = FILES[platform] ?? FILES.linux;
  const order = {
    "Open MPI": files.openMpi,
    MPICH: [...files.mpich, ...files.abi],
    PMIx: [...files.openMpi, ...files.abi, ...files.mpich],
  }[kind];
  const prefix = parent === undefined ? undefined : dirname(dirname(parent));
  const beside =
    prefix === undefined ? [] : ["lib", "lib64"].flatMap((name) => order.map((f) => join(prefix, name, f)));
  return [...beside.filter((path) => existsSync(path)), ...order];
}

/** The program that started this process. */
const parentProgram = (): string | undefined => attempt(() => readlinkSync(`/proc/${process.ppid}/exe`));

/**
 * Opens the library of a launcher, or the one of `STRATA_MPI_LIBRARY`.
 *
 * @throws UserError that says where it looked
 */
export function openMpi(launcher: Pick<Launcher, "kind">, env = process.env): Mpi {
  const named = env.STRATA_MPI_LIBRARY;
  const tried = named ? [named] : candidates(launcher, { platform: process.platform, parent: parentProgram() });
  const failures: string[] = [];
  for (const [variable, value] of Object.entries(LEAVE_THE_PROCESS_ALONE)) setDefault(variable, value);
  for (const path of tried) {
    try {
      return bound(path, openLibrary(path, { global: true })); // Open MPI's own plugins look for its symbols among all
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const where = named ? `at ${named}, as STRATA_MPI_LIBRARY says` : `under one of these names: ${tried.join(", ")}`;
  throw new UserError("not-found", `Expected the library of ${launcher.kind} ${where}, got: ${failures.join("; ")}.`, {
    advice:
      "Install it (Debian: openmpi-bin or mpich), load its module, or name the file in STRATA_MPI_LIBRARY. " +
      "Started alone, Strata needs none.",
  });
}

/** @param lookup - address of a symbol, 0 where there is none */
function bound(path: string, lookup: (symbol: string) => Address): Mpi {
  const functions = new Map<string, NativeFunction>();
  const find = (name: string, count: number): NativeFunction => {
    const known = functions.get(name);
    if (known) return known;
    const address = lookup(name);
    if (address === 0n) throw new Error(`${path} has no ${name}`);
    const made = functionAt(address, count);
    functions.set(name, made);
    return made;
  };
  /** An `int` in a word, the upper half of which is anything. */
  const code = (word: bigint) => Number(BigInt.asIntN(32, word));
  const text = (ask: (bytes: Uint8Array, length: Int32Array) => void) => {
    const [bytes, length] = [new Uint8Array(8192), new Int32Array(1)];
    ask(bytes, length);
    return new TextDecoder().decode(bytes.subarray(0, length[0])).split(/[\0\n]/)[0];
  };
  const version = text((bytes, length) => find("MPI_Get_library_version", 2)(bytes, length));
  const names = namesOf(version, lookup, isStandardAbi(lookup));
  if (names === undefined) throw new Error(`${path} is "${version}", which Strata does not know`);
  for (const [name, count] of Object.entries(ARGUMENTS)) find(name, count);
  return {
    ...{ ...names, path, version },
    call: (name, ...words) => {
      const failed = code(find(name, ARGUMENTS[name])(...words));
      if (failed === 0) return;
      const reason = text((bytes, length) => find("MPI_Error_string", 3)(failed, bytes, length));
      throw new Error(`${name} failed: ${reason || `code ${failed}`}`);
    },
  };
}

/** Whether a library follows the ABI of MPI 5, which it says itself (MPI 5.0, §20). */
function isStandardAbi(lookup: (symbol: string) => Address): boolean {
  const address = lookup("MPI_Abi_get_version");
  if (address === 0n) return false;
  const [major, minor] = [Int32Array.of(-1), Int32Array.of(-1)];
  functionAt(address, 2)(major, minor);
  return major[0] >= 1;
}

/** The handles and constants of a library; undefined of an unknown one. */
export function namesOf(version: string, lookup: (symbol: string) => Address, standardAbi: boolean): Names | undefined {
  if (standardAbi) {
    return {
      ...{ kind: "MPI ABI", world: 0x101n, byte: 0x247n, errorsReturn: 0x142n, statusIgnore: 0n },
      funneled: 1024n,
    };
  }
  if (version.startsWith("Open MPI")) {
    return {
      kind: "Open MPI", // handles are addresses of its own structures
      world: lookup("ompi_mpi_comm_world"),
      byte: lookup("ompi_mpi_byte"),
      errorsReturn: lookup("ompi_mpi_errors_return"),
      statusIgnore: 0n,
      funneled: 1n,
    };
  }
  if (/MPICH|Intel\(R\) MPI|MVAPICH|CRAY/i.test(version)) {
    return {
      ...{ kind: "MPICH", world: 0x44000000n, byte: 0x4c00010dn, errorsReturn: 0x54000001n, statusIgnore: 1n },
      funneled: 1n,
    };
  }
  return undefined;
}
