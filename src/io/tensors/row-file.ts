/** @file A safetensors file that is written some rows at a time, and can be gone on with after an interruption. */
import { existsSync } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../errors.js";
import { type Content, syncFolder, writeFileAtomic } from "../files/atomic-file.js";
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

/** Rows that are all there, to write another kind of file from. */
export interface WrittenRows {
  readonly content: RowFileContent;
  /** Bytes of some rows of a tensor, by its place. */
  read(tensor: number, first: number, count: number): Promise<Uint8Array<ArrayBuffer>>;
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
    const { tensors: kept } = this.content;
    try {
      for (const [index, tensor] of kept.entries()) {
        const size = rowBytes(tensor);
        const bytes = bytesOf(tensors[index]);
        if (bytes.length !== count * size) {
          throw new Error(`expected ${count} rows of ${size} bytes, got ${bytes.length} bytes`);
        }
        await this.file.write(bytes, 0, bytes.length, this.place(index, this.done));
      }
      await this.file.sync();
    } catch (error) {
      throw writeError(`${this.path}.part`, error);
    }
    this.done += count;
    const note = JSON.stringify({ question: this.question, rows: this.done });
    await writeFileAtomic(`${this.path}.part.json`, Buffer.from(note));
  }

  /**
   * Gives the file its name; or writes another kind of file of that name, and then removes this one.
   *
   * @param encode - what that file is to hold, of all rows
   */
  async finish(encode?: (rows: WrittenRows) => Content): Promise<void> {
    const part = `${this.path}.part`;
    if (encode) {
      const { content } = this;
      await writeFileAtomic(this.path, encode({ content, read: (...rows) => this.read(...rows) }));
      await rm(part);
    }
    await this.file.close();
    if (!encode) {
      await rename(part, this.path);
      await syncFolder(dirname(this.path));
    }
    await rm(`${part}.json`, { force: true });
  }

  private async read(tensor: number, first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count * rowBytes(this.content.tensors[tensor]));
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, this.place(tensor, first));
    if (bytesRead < bytes.length) throw new Error(`expected ${bytes.length} bytes, got ${bytesRead}`);
    return bytes;
  }

  /** Where in the file a row of a tensor begins. */
  private place(tensor: number, row: number): number {
    const { tensors, rows } = this.content;
    const before = tensors.slice(0, tensor).reduce((sum, each) => sum + rows * rowBytes(each), this.headerBytes);
    return before + row * rowBytes(tensors[tensor]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close(); // closed twice does no harm
  }
}

/** Bytes of a row. */
export const rowBytes = ({ dtype, shape }: RowTensor): number => elementCount(shape) * elementBytes(dtype);

/** Rows that an earlier attempt at the same left; 0 of another. */
async function rowsDone(note: string, question: string): Promise<number> {
  try {
    const left = JSON.parse(await readFile(note, "utf8"));
    return left.question === question && Number.isInteger(left.rows) && left.rows > 0 ? left.rows : 0;
  } catch {
    return 0;
  }
}
