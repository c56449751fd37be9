/** @file The weights of several ONNX graphs in one file, each array once however many graphs have it. */
import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "onnx-buf";
import { UserError } from "../../errors.js";
import { narrow } from "../../io/tensors/float16.js";

/** Smaller arrays stay in their graphs, bytes. */
const LEAST_BYTES = 256;

/** From here on float16 rounds to infinity. */
const LARGEST_FLOAT16 = 65_520;

export class PooledWeights {
  readonly #arrays: Uint8Array[] = [];
  readonly #offsets = new Map<string, number>();
  #length = 0;

  /** @param name - of the file, as the graphs refer to it */
  constructor(readonly name: string) {}

  /**
   * The model with its float32 weights in the file in place of itself, and without metadata.
   *
   * @param model - in ONNX's binary form
   */
  takeFrom(model: Uint8Array): Uint8Array {
    const proto = fromBinary(ModelProtoSchema, model);
    for (const tensor of proto.graph!.initializer) {
      if (tensor.dataType !== TensorProto_DataType.FLOAT || tensor.rawData.length < LEAST_BYTES) continue;
      this.#refer(tensor, this.#add(tensor.rawData), tensor.rawData.length);
    }
    proto.metadataProps = [];
    return toBinary(ModelProtoSchema, proto);
  }

  #refer(tensor: TensorProto, offset: number, length: number): void {
    tensor.rawData = new Uint8Array();
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = Object.entries({ location: this.name, offset, length }).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value: String(value) }),
    );
  }

  /** Where an array's bytes are. */
  #add(bytes: Uint8Array): number {
    const digest = createHash("sha256").update(bytes).digest("hex");
    const known = this.#offsets.get(digest);
    if (known !== undefined) return known;
    const offset = this.#length;
    this.#offsets.set(digest, offset);
    this.#arrays.push(bytes);
    this.#length += bytes.length;
    return offset;
  }

  /**
   * The file: float32 as the graphs have it, or float16, which has to be widened before they are given it.
   *
   * @throws UserError when float16 cannot hold a weight
   */
  bytes(dtype: "float16" | "float32"): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const array of this.#arrays) {
      bytes.set(array, offset);
      offset += array.length;
    }
    if (dtype === "float32") return bytes;
    const values = new Float32Array(bytes.buffer);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!(largest < LARGEST_FLOAT16)) {
      throw new UserError(
        "invalid-values",
        `Expected weights that float16 can hold, below ${LARGEST_FLOAT16}, got ${largest}.`,
        { advice: 'Store them with `dtype: "float32"`.' },
      );
    }
    return new Uint8Array(narrow(values).buffer);
  }
}
