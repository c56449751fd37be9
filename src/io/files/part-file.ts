/**
 * @file A file that arrives in pieces, perhaps over several attempts, and takes its place only when it is whole and right.
 *
 * While `PATH` arrives it is called `PATH.part-HOST-PROCESS-N`; an attempt that ends early leaves it as `PATH.part`. The next one takes over
 * what nobody writes any more by renaming it, which can succeed for one process only: two that fetch the same file at once
 * each write their own part, and cannot spoil one another's.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { syncFolder } from "./atomic-file.js";
import { isAbandoned, newWriter } from "./writer.js";

/** What follows the file's own name in that of a part: nothing more, or who writes it. */
const PART = /^\.part(?:-(.*?)(?:\.taken)?)?$/;

/** What there is of a file, and its hash so far. */
export class PartFile {
  readonly #path: string;
  readonly #part: string;
  readonly #file: FileHandle;
  #hash = createHash("sha256");
  #bytes = 0;
  #inherits = false;

  private constructor(path: string, part: string, file: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#file = file;
  }

  /**
   * Opens a part of the file at `path`, making the folder if need be.
   *
   * @param resume - resume from what earlier attempts left, if anything
   * @throws UserError when the place cannot be written
   */
  static async open(path: string, { resume = true } = {}): Promise<PartFile> {
    const part = `${path}.part-${newWriter()}`;
    return writing(part, async () => {
      await mkdir(dirname(path), { recursive: true });
      if (resume) await takeOver(path, part);
      const opened = new PartFile(path, part, await open(part, "a"));
      if (resume) for await (const piece of createReadStream(part)) opened.#count(piece);
      opened.#inherits = opened.#bytes > 0;
      return opened;
    });
  }

  /** Bytes there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it begins with what an earlier attempt left. */
  get inherits(): boolean {
    return this.#inherits;
  }

  /** SHA-256 of what there is, in hexadecimal. */
  get sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  /** @throws UserError when it cannot be written, as when the disk is full; what was written before stays */
  async append(piece: Uint8Array): Promise<void> {
    await writing(this.#part, () => this.#file.appendFile(piece));
    this.#count(piece);
  }

  /** Forgets what there is. */
  async restart(): Promise<void> {
    await writing(this.#part, () => this.#file.truncate());
    this.#hash = createHash("sha256");
    this.#bytes = 0;
    this.#inherits = false;
  }

  /** The file is whole: puts it on disk and into its place, instead of what may be there. */
  async finish(): Promise<void> {
    await writing(this.#path, async () => {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#part, this.#path);
      await syncFolder(dirname(this.#path));
    });
  }

  /** Leaves what there is to a later attempt. */
  async leave(): Promise<void> {
    if (this.#bytes === 0) return this.discard();
    await this.#file.close();
    await rename(this.#part, `${this.#path}.part`).catch(() => {}); // under its own name it is found too, once we are gone
  }

  /** Deletes what there is. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#part, { force: true });
  }

  #count(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }
}

async function writing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new UserError(
      "unwritable",
      `Expected to write ${path}, but that failed: ${(error as Error).message}. See that the disk has room and the folder can be written to.`,
    );
  }
}

/** Renames the largest abandoned part of `path` to `part`, and deletes the others. */
async function takeOver(path: string, part: string): Promise<void> {
  const folder = dirname(path);
  let largest = -1;
  for (const name of await readdir(folder)) {
    const writer = name.startsWith(basename(path)) && PART.exec(name.slice(basename(path).length));
    if (!writer) continue;
    const found = join(folder, name);
    const stats = await lstat(found).catch(() => undefined); // gone since it was listed
    if (!stats?.isFile()) continue;
    if (writer[1] !== undefined && !isAbandoned(writer[1], stats.mtimeMs)) continue; // without a name it was left in order
    const taken = `${part}.taken`;
    const mine = await rename(found, taken).then(
      () => true,
      () => false, // another process was quicker
    );
    if (!mine) continue;
    if (stats.size > largest) await rename(taken, part);
    else await rm(taken, { force: true });
    largest = Math.max(largest, stats.size);
  }
}
