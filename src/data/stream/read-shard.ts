/** @file Images of a shard, read where they lie. */
import { UserError } from "../../errors.js";
import type { ByteSource } from "../../io/archives/byte-source.js";
import { openPlace } from "../places.js";
import { ParquetReader } from "../sources/parquet-reader.js";
import { imageRecord } from "../sources/parquet-records.js";
import type { IndexedShard } from "../sources/shard-index.js";
import type { SourceContent } from "../sources/source.js";
import { memberImage } from "../sources/webdataset-shard.js";

/** Reads shards one after another: what is open stays so until another shard is read. */
export class ShardReader {
  #open: { place: string; bytes: ByteSource } | undefined;
  #parquet: ParquetReader | undefined;

  /**
   * Some images of a shard.
   *
   * @param wanted - ascending
   */
  async *read({ place, plan }: IndexedShard, wanted: readonly number[]): AsyncGenerator<SourceContent> {
    if (plan.format === "webdataset") {
      const bytes = await this.#bytesAt(place);
      for (const index of wanted) {
        yield { index, ...(await memberImage(bytes, { start: plan.starts[index], bytes: plan.lengths[index] })) };
      }
      return;
    }
    this.#parquet ??= new ParquetReader();
    let [from, next] = [0, 0];
    for (const [group, rows] of plan.groups.entries()) {
      const end = from + rows;
      const inside: number[] = [];
      while (next < wanted.length && plan.rows[wanted[next]] < end) inside.push(wanted[next++]);
      if (inside.length > 0) {
        const block = await this.#parquet.images({ where: place, source: place }, plan.column, group, plan.shape);
        for (const index of inside) yield { index, ...imageRecord(block, plan.rows[index] - from) };
      }
      from = end;
    }
  }

  async #bytesAt(place: string): Promise<ByteSource> {
    if (this.#open?.place === place) return this.#open.bytes;
    await this.#open?.bytes[Symbol.asyncDispose]();
    const bytes = await openPlace(place, (problem, code = "damaged") => {
      throw new UserError(code, `Expected a shard at ${place}, but ${problem}.`);
    });
    this.#open = { place, bytes };
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.bytes[Symbol.asyncDispose]();
    await this.#parquet?.[Symbol.asyncDispose]();
  }
}
