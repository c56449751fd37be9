/**
 * @file Writes ONNX models for other programs: any batch size, standard operators in topological order, metadata.
 *
 * A graph is traced with one batch size, so that of others has to be inferred from its shapes. `STAND_INS` are primes above every
 * other size: as a product is a multiple of a prime only if one of its factors is, the sizes that are multiples of the stand-in
 * are those that are multiples of the batch size. Where such a size is declared it gets a name; where a node needs it, it is
 * computed from the shape of an input.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorShapeProto_Dimension,
} from "onnx-buf";
import { UserError } from "../../errors.js";
import { formatBytes } from "../../number-format.js";
import type { DType, Spec } from "../spec.js";
import { dimension, ModelBuilder } from "./model.js";

/** Batch sizes to trace with: two, so that what depends on the batch size in another way shows. */
export const STAND_INS = [65537, 65539] as const;

/** The oldest versions that have all operators that are written here; runtimes have had them since early 2023. */
const OPSET = 18n;
const IR_VERSION = 8n;

/** ONNX files are protocol buffers, which end here. */
const MOST_BYTES = 2 ** 31 - 1;

/** How many batches a size is, when `standIn` is the size of one; 0 for sizes that do not depend on it. */
export const batches = (size: number, standIn: number): number =>
  size > 0 && size % standIn === 0 ? size / standIn : 0;

/** "N" for the batch size, "2N" for twice that, and so on; other sizes in digits. */
export function sizeName(size: number, standIn: number): string {
  const count = batches(size, standIn);
  if (count === 0) return String(size);
  return count === 1 ? "N" : `${count}N`;
}

export interface About {
  /** One sentence that says what the model does. */
  description: string;
  /** What programs that use the model may want to read from it. */
  metadata: Readonly<Record<string, string>>;
}

export class PortableModelBuilder extends ModelBuilder {
  /** The first input whose shape tells the batch size, and the axis that does. */
  #source?: { input: string; axis: number };

  /** @param standIn - the batch size that the graph was traced with */
  constructor(readonly standIn: number) {
    super();
  }

  override input(name: string, spec: Spec): void {
    const axis = spec.shape.indexOf(this.standIn);
    if (axis >= 0) this.#source ??= { input: name, axis };
    super.input(name, spec);
  }

  override initializer(data: ArrayBufferView, shape: readonly number[], dtype: DType | "int64"): string {
    if (shape.some((size) => this.#count(size) > 0)) {
      const sizes = shape.map((size) => sizeName(size, this.standIn));
      throw new Error(`expected constants that do not depend on the batch size, got ${dtype}[${sizes}]`);
    }
    return super.initializer(data, shape, dtype);
  }

  override integers(values: readonly number[]): string {
    if (!values.some((value) => this.#count(value) > 0)) return super.integers(values);
    const parts = runs(values, (value) => this.#count(value) > 0).map((run) =>
      this.#count(run[0]) > 0 ? this.#batches(this.#count(run[0])) : super.integers(run),
    );
    return parts.length === 1 ? parts[0] : this.node("Concat", parts, { axis: 0 })[0];
  }

  /** A single size that depends on the batch follows from the others. */
  override targetShape(shape: readonly number[]): string {
    const dependent = shape.filter((size) => this.#count(size) > 0);
    if (dependent.length !== 1 || shape.includes(0)) return this.integers(shape);
    return super.integers(shape.map((size) => (size === dependent[0] ? -1 : size)));
  }

  protected override dimensions(shape: readonly number[]): TensorShapeProto_Dimension[] {
    return shape.map((size) => {
      if (this.#count(size) === 0) return dimension({ case: "dimValue", value: BigInt(size) });
      return dimension({ case: "dimParam", value: sizeName(size, this.standIn) });
    });
  }

  #count(size: number): number {
    return batches(size, this.standIn);
  }

  /** So many times the batch size, [1]. */
  #batches(count: number): string {
    if (!this.#source) throw new Error("expected an input whose shape tells the batch size, got none");
    const { input, axis } = this.#source;
    const size = this.node("Shape", [input], { start: axis, end: axis + 1 })[0];
    return count === 1 ? size : this.node("Mul", [size, super.integers([count])])[0];
  }

  /**
   * The model in ONNX's binary form.
   *
   * @throws UserError when it is too large for one file
   */
  encodePortable({ description, metadata }: About): Uint8Array {
    const graph = this.graph();
    graph.node.reverse();
    const foreign = graph.node.find(({ domain }) => domain !== "");
    if (foreign) throw new Error(`expected standard operators, got ${foreign.domain}.${foreign.opType}`);
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: "strata",
      docString: description,
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: OPSET })],
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
      graph,
    });
    const bytes = toBinary(ModelProtoSchema, model);
    if (bytes.length > MOST_BYTES) {
      throw new UserError(
        "too-large",
        `Expected a model of at most 2 GiB, since an ONNX file holds no more, got ${formatBytes(bytes.length)}.`,
      );
    }
    return bytes;
  }
}

/** The list cut so that each value that is `alone` makes a part of its own, and those between two of them one. */
function runs(values: readonly number[], alone: (value: number) => boolean): number[][] {
  const parts: number[][] = [];
  values.forEach((value, index) => {
    const joins = index > 0 && !alone(value) && !alone(values[index - 1]);
    if (joins) parts.at(-1)!.push(value);
    else parts.push([value]);
  });
  return parts;
}
