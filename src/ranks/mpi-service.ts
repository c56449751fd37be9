/** @file What the thread that calls MPI does: waits for the other ranks, then moves bytes among all of them. */
import { UserError } from "../errors.js";
import type { Service } from "../thread-service.js";
import { type Mpi, openMpi } from "./mpi-library.js";
import type { Begun, MpiRequest, MpiSettings } from "./protocol.js";
import { SignsOfLife } from "./signs-of-life.js";
import { addPieces } from "./sum-pieces.js";

/** Elements that are summed at once, and bytes that are moved at once: a few milliseconds between two looks at the others. */
const SUMMED = 2 ** 21;
const MOVED = 2 ** 23;

/** Between two looks at whether signs of life are due, while nothing is asked. */
const IDLE_MS = 100;

/** Looks at once before a rank that waits begins to sleep between them, and the longest that it sleeps, milliseconds. */
const LOOKS = 500;
const SLEEP_MS = { first: 0.05, last: 1, growth: 1.05 };

/** @param stopped - whether the process ends, and nothing more is to be waited for */
export function mpiService({ launcher, timeoutMs, beat }: MpiSettings, stopped: () => boolean): Service<MpiRequest> {
  let joined: Joined | undefined;
  const answer = (request: MpiRequest) => {
    if (request.kind === "begin") {
      joined = join(openMpi(launcher), launcher, { timeoutMs, beat, stopped });
      return joined.begun;
    }
    switch (request.kind) {
      case "sum":
        return joined!.sum(request.arrays);
      case "gather":
        return joined!.gather(request.bytes);
      case "broadcast":
        return joined!.broadcast(request.bytes);
      case "close":
        return joined!.close();
      default:
        return request satisfies never;
    }
  };
  return {
    answer,
    transferred: (result) => {
      const parts = Array.isArray(result) ? result : [result];
      return parts.flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
    },
  };
}

type Joined = ReturnType<typeof join>;

/** Initialises MPI, which waits for all ranks to do so. */
function join(
  mpi: Mpi,
  { kind, size: told }: MpiSettings["launcher"],
  { timeoutMs, beat, stopped }: Pick<MpiSettings, "timeoutMs" | "beat"> & { stopped: () => boolean },
) {
  const { world, byte } = mpi;
  const number = Int32Array.of(-1);
  mpi.call("MPI_Init_thread", 0, 0, mpi.funneled, number);
  mpi.call("MPI_Comm_set_errhandler", world, mpi.errorsReturn);
  mpi.call("MPI_Comm_rank", world, number);
  const rank = number[0];
  mpi.call("MPI_Comm_size", world, number);
  const size = number[0];
  if (told !== undefined && size !== told) {
    throw new UserError(
      "environment",
      `Expected ${told} processes, as the launcher (${kind}) has started, but ${mpi.path} (${mpi.version}) sees ${size}: it is ` +
        "another launcher's library.",
      { advice: "Name the launcher's own in STRATA_MPI_LIBRARY, or start with the mpirun of that library." },
    );
  }
  const signs = new SignsOfLife(mpi, rank, size, timeoutMs);
  let over = false;
  const advance = () => void Atomics.add(beat, 0, 1);
  const giveSign = () => {
    const lost = signs.exchange();
    if (lost === undefined) return;
    over = true;
    throw new UserError(
      "environment",
      `Expected a sign of life of rank ${lost} every second, got none for ${Math.round(timeoutMs / 1000)} s: it has been stopped, hangs, ` +
        "or its machine or network is gone. This run ends.",
      { advice: "Resume it when the machine is well again. `rankTimeout` says how long to wait." },
    );
  };
  const idle = setInterval(() => {
    if (over) clearInterval(idle);
    else signs.exchange(); // who is lost is told to whoever asks for something
  }, IDLE_MS);

  /** Looks again and again, ever more seldom, whether something has come. */
  const waitFor = (hasCome: () => boolean) => {
    let sleepMs = SLEEP_MS.first;
    for (let looks = 0; !hasCome(); looks++) {
      advance();
      giveSign();
      if (stopped()) throw new Error("The process ends.");
      if (looks < LOOKS) continue;
      sleep(sleepMs);
      sleepMs = Math.min(sleepMs * SLEEP_MS.growth, SLEEP_MS.last);
    }
    advance();
  };

  /** Waits for all ranks. MPI's own functions would take a core, and not end when one is lost. */
  const meet = () => {
    const [request, flag] = [new BigInt64Array(1), new Int32Array(1)];
    mpi.call("MPI_Ibarrier", world, request);
    waitFor(() => {
      mpi.call("MPI_Test", request, flag, mpi.statusIgnore);
      return flag[0] !== 0;
    });
  };

  const goOn = () => {
    advance();
    giveSign();
  };

  const allGather = (own: Uint8Array, all: Uint8Array) => {
    mpi.call("MPI_Allgather", own, own.byteLength, byte, all, own.byteLength, byte, world);
    goOn();
  };

  /** Room for what is summed at once, and for as much that is made longer to have equal pieces. */
  const [received, padded] = [new Float32Array(SUMMED + size), new Float32Array(SUMMED + size)];

  /** Every rank sums a piece of the elements, over all ranks in order, and gets the other pieces of the others. */
  const sumInPlace = (elements: Float32Array) => {
    const piece = Math.ceil(elements.length / size);
    const whole = piece * size === elements.length ? elements : padded.subarray(0, piece * size);
    if (whole !== elements) whole.set(elements);
    const pieces = received.subarray(0, piece * size);
    mpi.call("MPI_Alltoall", whole, 4 * piece, byte, pieces, 4 * piece, byte, world);
    advance();
    const total = addPieces(pieces, size);
    allGather(bytesOf(total), bytesOf(whole));
    if (whole !== elements) elements.set(whole.subarray(0, elements.length));
  };

  return {
    begun: { rank, size, library: mpi.version } satisfies Begun,
    sum: (arrays: readonly Float32Array<ArrayBuffer>[]) => {
      meet();
      for (const array of arrays) {
        for (let first = 0; first < array.length; first += SUMMED) sumInPlace(array.subarray(first, first + SUMMED));
      }
      return [...arrays];
    },
    gather: (bytes: Uint8Array): Uint8Array[] => {
      meet();
      const lengths = new Float64Array(size);
      allGather(bytesOf(Float64Array.of(bytes.length)), bytesOf(lengths));
      const found = Array.from(lengths, (length) => new Uint8Array(length));
      const most = Math.max(...lengths);
      const atOnce = Math.ceil(MOVED / size);
      for (let first = 0; first < most; first += atOnce) {
        const length = Math.min(atOnce, most - first);
        const own = new Uint8Array(length);
        own.set(bytes.subarray(first, first + length));
        const all = new Uint8Array(length * size);
        allGather(own, all);
        found.forEach((result, from) => {
          const part = all.subarray(from * length, from * length + Math.min(length, result.length - first));
          if (first < result.length) result.set(part, first);
        });
      }
      return found;
    },
    broadcast: (given: Uint8Array | undefined): Uint8Array => {
      meet();
      const length = Float64Array.of(given?.length ?? 0);
      mpi.call("MPI_Bcast", length, 8, byte, 0, world);
      const bytes = rank === 0 ? given!.slice() : new Uint8Array(length[0]);
      for (let first = 0; first < bytes.length; first += MOVED) {
        const part = bytes.subarray(first, first + MOVED);
        mpi.call("MPI_Bcast", part, part.length, byte, 0, world);
        goOn();
      }
      return bytes;
    },
    close: () => {
      over = true;
      clearInterval(idle);
      waitFor(() => signs.leave());
      mpi.call("MPI_Finalize");
    },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const bed = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number) => void Atomics.wait(bed, 0, 0, ms);
