/**
 * @file Who is still there: ranks tell each other every second, as long as they live, however long they compute. So one that is slow
 * is waited for, and one that has been stopped, or whose machine is gone, is not.
 *
 * Rank 0 and every other one exchange messages of one number. MPI gives them on only while it is called: by a timer between two
 * requests, and while a rank waits for the others.
 */
import type { Mpi } from "./mpi-library.js";

/** Between two signs, milliseconds. */
const SIGN_MS = 1000;

/** The most that one look counts as silence, however long ago the last was: this process may itself have been stopped, or asleep. */
const MOST_MS = 2 * SIGN_MS;

const TAG = 7;
const HERE = 1;
const LEAVING = 2;

interface Peer {
  rank: number;
  silentMs: number;
  left: boolean;
  message: Int32Array;
  /** Of the message on its way; 0 when there is none. */
  request: BigInt64Array | undefined;
}

/** Signs of life between rank 0 and the others. */
export class SignsOfLife {
  readonly #peers: Peer[];
  readonly #flag = new Int32Array(1);
  readonly #inbox = new Int32Array(1);
  readonly #everyMs: number;
  #lookedMs = performance.now();

  /** @param timeoutMs - of silence, after which a rank is lost */
  constructor(
    private readonly mpi: Mpi,
    rank: number,
    size: number,
    private readonly timeoutMs: number,
  ) {
    const others = rank === 0 ? Array.from({ length: size - 1 }, (_, index) => index + 1) : [0];
    this.#peers = others.map((other) => {
      return { rank: other, silentMs: 0, left: false, message: Int32Array.of(HERE), request: undefined };
    });
    this.#everyMs = Math.min(SIGN_MS, timeoutMs / 8);
  }

  /** Gives and takes signs, if it is time. @returns the rank that is lost, if one is */
  exchange(): number | undefined {
    const now = performance.now();
    const elapsedMs = now - this.#lookedMs;
    if (elapsedMs < this.#everyMs) return undefined;
    this.#lookedMs = now;
    for (const peer of this.#peers) {
      this.#send(peer, HERE);
      peer.silentMs = this.#receive(peer) ? 0 : peer.silentMs + Math.min(elapsedMs, MOST_MS);
    }
    return this.#peers.find(({ silentMs, left }) => silentMs > this.timeoutMs && !left)?.rank;
  }

  /** Says good-bye; true when all have. To be called again until then. */
  leave(): boolean {
    let done = true;
    for (const peer of this.#peers) {
      if (peer.message[0] !== LEAVING) this.#send(peer, LEAVING);
      this.#receive(peer);
      done = this.#hasSent(peer) && peer.message[0] === LEAVING && peer.left && done;
    }
    return done;
  }

  #send(peer: Peer, what: number): void {
    if (!this.#hasSent(peer)) return; // to one that takes nothing, nothing more
    const { mpi } = this;
    peer.message[0] = what;
    peer.request = new BigInt64Array(1);
    mpi.call("MPI_Isend", peer.message, 4, mpi.byte, peer.rank, TAG, mpi.world, peer.request);
  }

  #hasSent(peer: Peer): boolean {
    if (peer.request === undefined) return true;
    this.mpi.call("MPI_Test", peer.request, this.#flag, this.mpi.statusIgnore);
    if (this.#flag[0] !== 0) peer.request = undefined;
    return peer.request === undefined;
  }

  /** Takes all that has come. @returns whether anything has */
  #receive(peer: Peer): boolean {
    const { mpi } = this;
    let any = false;
    for (;;) {
      mpi.call("MPI_Iprobe", peer.rank, TAG, mpi.world, this.#flag, mpi.statusIgnore);
      if (this.#flag[0] === 0) return any;
      any = true;
      mpi.call("MPI_Recv", this.#inbox, 4, mpi.byte, peer.rank, TAG, mpi.world, mpi.statusIgnore);
      peer.left = this.#inbox[0] === LEAVING;
    }
  }
}
