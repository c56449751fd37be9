/** @file Parquet files read in a thread of their own: unpacking takes time, and what hostile files take of memory ends with it. */
import { isNativeError } from "node:util/types";
import { UserError } from "../../errors.js";
import type { ParquetSummary } from "../../io/parquet/parquet-file.js";
import { Thread } from "../../thread.js";
import type { LabelValue } from "./class-values.js";

/** MiB of the thread's objects; what it unpacks comes on top, a gibibyte at most. */
const HEAP_MEBIBYTES = 2048;

/** What the thread is asked. */
export type ParquetRequest = {
  /** The file, for messages, and what tells it from others. */
  where: string;
  /** Its path, or its bytes. */
  source: string | Uint8Array;
} & (
  | { asks: "summary" }
  | { asks: "values"; column: string; group: number }
  | { asks: "images"; column: string; group: number; shape?: string }
);

/** Images of a row group: their bytes behind one another, and where each ends. */
export interface ImageBlock {
  bytes: Uint8Array;
  ends: Float64Array;
  /** The shape of each that is numbers; why there is none where that is so. */
  images: { shape?: number[]; error?: string }[];
}

/** A file that is read. */
export type ParquetPlace = Pick<ParquetRequest, "where" | "source">;

export class ParquetReader {
  readonly #thread = new Thread({
    module: "./parquet-worker",
    caller: import.meta.url,
    name: "The thread that reads Parquet files",
    heapMebibytes: HEAP_MEBIBYTES,
  });

  summary(file: ParquetPlace): Promise<ParquetSummary> {
    return this.#ask({ ...file, asks: "summary" }) as Promise<ParquetSummary>;
  }

  values(file: ParquetPlace, column: string, group: number): Promise<LabelValue[]> {
    return this.#ask({ ...file, asks: "values", column, group }) as Promise<LabelValue[]>;
  }

  images(file: ParquetPlace, column: string, group: number, shape?: string): Promise<ImageBlock> {
    return this.#ask({ ...file, asks: "images", column, group, shape }) as Promise<ImageBlock>;
  }

  async #ask(request: ParquetRequest): Promise<unknown> {
    try {
      return await this.#thread.ask(request);
    } catch (error) {
      if (!isNativeError(error) || (error as NodeJS.ErrnoException).code !== "ERR_WORKER_OUT_OF_MEMORY") throw error;
      throw new UserError(
        "too-large",
        `Expected a Parquet file in ${request.where} that can be read within ${HEAP_MEBIBYTES} MiB, but it takes more: it is damaged, or its row groups are too large.`,
      );
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread.end(new Error("This reader has been closed."));
  }
}
