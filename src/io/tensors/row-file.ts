/** @file A safetensors file that is written some rows at a time, and can be gone on with after an interruption. */
import { existsSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../errors.js";
import { syncFolder, writeFileAtomic } from "../files/atomic-file.js";
import { tryLock } from "../files/file-lock.js";
import { writeError } from "../files/write-error.js";
import { safetensorsHeader } from "./safetensors.js";
import { bytesOf, type ElementType, elementBytes, elementCount, type Tensor } from "./tensor.js";

/** A tensor whose first axis is that of the rows. */
export interface RowTensor {
  name: string;
  dtype: ElementType;
  /** Of a row. */
  shape: readonly number[];
}

/** What a file is to hold. */
export interface RowFileContent {
  /** In the order in which they lie, larger elements first, so that all are aligned. */
  tensors: readonly RowTensor[];
  rows: number;
  metadata: Record<string, string>;
}

/**
 * Tensors that grow together, row by row, in `PATH.part` until all rows are there. `PATH.part.json` says what they are of and how
 * many are on disk.
 */
export class RowFile implements AsyncDisposable {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly content: RowFileContent,
    private readonly headerBytes: number,
    private readonly question: string,
    private done: number,
  ) {}

  /**
   * Begins a file, or goes on with what an earlier attempt left.
   *
   * @param question - what the rows depend on: only rows of the same question are kept
   * @throws UserError when the place cannot be written, or another process writes there
   */
  static async open(path: string, content: RowFileContent, question: string): Promise<RowFile> {
    const { tensors, rows, metadata } = content;
    const described = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape: [rows, ...shape] }));
    const header = safetensorsHeader(described, { metadata });
    const [part, note] = [`${path}.part`, `${path}.part.json`];
    let file: FileHandle | undefined;
    try {
      const isThere = existsSync(part);
      file = await open(part, isThere ? "r+" : "w+");
      if (tryLock(file.fd, "exclusive") === false) {
        throw new UserError("locked", `Another process is writing ${path}. Wait for it, or choose another place.`);
      }
      const done = isThere ? await rowsDone(note, question) : 0;
      if (done === 0) {
        await file.truncate(0);
        await file.write(header, 0, header.length, 0);
      }
      return new RowFile(path, file, content, header.length, question, done);
    } catch (error) {
      await file?.close();
      throw error instanceof UserError ? error : writeError(part, error);
    }
  }

  /** Rows that are on disk. */
  get rows(): number {
    return this.done;
  }

  /**
   * Writes the next rows, and waits until they are on disk.
   *
   * @param count - rows
   * @param tensors - their elements, in the order of the file
   */
  async append(count: number, tensors: readonly Tensor[]): Promise<void> {
    const { tensors: kept, rows } = this.content;
    try {
      let start = this.headerBytes;
      for (const [index, { dtype, shape }] of kept.entries()) {
        const rowBytes = elementCount(shape) * elementBytes(dtype);
        const bytes = bytesOf(tensors[index]);
        if (bytes.length !== count * rowBytes) {
          throw new Error(`expected ${count} rows of ${rowBytes} bytes, got ${bytes.length} bytes`);
        }
        await this.file.write(bytes, 0, bytes.length, start + this.done * rowBytes);
        start += rows * rowBytes;
      }
      await this.file.sync();
    } catch (error) {
      throw writeError(`${this.path}.part`, error);
    }
    this.done += count;
    const note = JSON.stringify({ question: this.question, rows: this.done });
    await writeFileAtomic(`${this.path}.part.json`, Buffer.from(note));
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    await this.file.close();
    await rename(`${this.path}.part`, this.path);
    await syncFolder(dirname(this.path));
    await rm(`${this.path}.part.json`, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close(); // closed twice does no harm
  }
}

/** Rows that an earlier attempt at the same left; 0 of another. */
async function rowsDone(note: string, question: string): Promise<number> {
  try {
    const left = JSON.parse(await readFile(note, "utf8"));
    return left.question === question && Number.isInteger(left.rows) && left.rows > 0 ? left.rows : 0;
  } catch {
    return 0;
  }
}
