/** @file Things that a plugin made and that have to be given back to it. */
import type { Api, Entry } from "./api.js";

/** What has to be given back before the client that made it. */
export type Belongings = Set<{ dispose(): void }>;

/** Something of the plugin's, known by its address, that is given back once. */
export class Handle {
  #address: bigint;

  /**
   * @param destroyer - the entry that takes it back
   * @param what - for errors: "This buffer"
   * @param belongings - where it is listed as long as it lives
   */
  constructor(
    protected readonly api: Api,
    address: bigint,
    private readonly destroyer: Entry,
    private readonly what: string,
    protected readonly belongings: Belongings = new Set(),
  ) {
    this.#address = address;
    belongings.add(this);
  }

  /** @throws Error when it has been disposed */
  get address(): bigint {
    this.assertAlive();
    return this.#address;
  }

  /** @throws Error when it has been disposed */
  assertAlive(): void {
    if (this.#address === 0n) throw new Error(`${this.what} has been disposed.`);
  }

  /** Gives it back; nothing happens when that has been done. */
  dispose(): void {
    if (this.#address === 0n) return;
    const address = this.#address;
    this.#address = 0n;
    this.belongings.delete(this);
    this.api.call(this.destroyer, 24, address);
  }
}
