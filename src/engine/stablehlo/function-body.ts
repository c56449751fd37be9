/**
 * @file The body of a StableHLO function, written operation by operation.
 *
 * Operations are in MLIR's generic form, which is the same for all of them and changes least from version to version.
 */
import { type Atom, type Interval, isLiteral, type Value } from "../graph/graph.js";
import { sameShape, type TypedArray } from "../spec.js";
import { type ArrayType, dictionary, element, integers, tensorType } from "./text.js";

/** An array under its name in the text. */
export interface Tensor extends ArrayType {
  readonly name: string;
}

/** Products of float32 are computed to all digits, or with factors rounded to 11 bits; or activations are kept in bfloat16. */
export type Precision = "float32" | "tf32" | "bfloat16";

export class FunctionBody {
  readonly lines: string[] = [];
  readonly #tensors = new Map<Value, Tensor>();
  readonly #filled = new Map<string, Tensor>();
  #count = 0;

  constructor(private readonly precision: Precision) {}

  /** Makes `tensor` what `value` stands for in all that follows. */
  define(value: Value, tensor: Tensor): void {
    this.#tensors.set(value, tensor);
  }

  tensor(atom: Atom): Tensor {
    return isLiteral(atom) ? this.filled(atom.value, atom) : this.#tensors.get(atom)!;
  }

  /**
   * Writes an operation with one result.
   *
   * @param name - with its dialect: `stablehlo.add`
   * @param region - what it does with two numbers, for operations that need to be told
   */
  operation(
    name: string,
    operands: readonly Tensor[],
    { shape, dtype }: ArrayType,
    attributes: Readonly<Record<string, string>> = {},
    region = "",
  ): Tensor {
    const result = { name: `%${this.#count++}`, shape, dtype };
    const names = operands.map((operand) => operand.name).join(", ");
    const signature = `(${operands.map(tensorType).join(", ")}) -> ${tensorType(result)}`;
    const details = [region, dictionary(attributes)].filter((detail) => detail !== "").map((detail) => ` ${detail}`);
    this.lines.push(`${result.name} = "${name}"(${names})${details.join("")} : ${signature}`);
    return result;
  }

  /** An array all of whose elements are `value`; the same one is written once. */
  filled(value: number, { shape, dtype }: ArrayType): Tensor {
    const number = element(value, dtype);
    const type = tensorType({ shape, dtype });
    const key = `${number} ${type}`;
    const known = this.#filled.get(key);
    if (known) return known;
    // A constant of this shape would be kept element by element.
    const tensor =
      shape.length === 0
        ? this.operation("stablehlo.constant", [], { shape, dtype }, { value: `dense<${number}> : ${type}` })
        : this.broadcast(this.filled(value, { shape: [], dtype }), shape);
    this.#filled.set(key, tensor);
    return tensor;
  }

  /** An array of these elements, in row-major order. */
  constant(data: TypedArray, type: ArrayType): Tensor {
    if (data.length === 0) return this.filled(0, type);
    const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex").toUpperCase();
    if (type.dtype !== "bool") {
      return this.operation("stablehlo.constant", [], type, { value: `dense<"0x${hex}"> : ${tensorType(type)}` });
    }
    // How bools are packed in hexadecimal digits differs between versions: they are written one by one.
    const flat = { shape: [data.length], dtype: type.dtype };
    const bools = Array.from(data, (bit) => element(bit, "bool")).join(", ");
    const written = this.operation("stablehlo.constant", [], flat, {
      value: `dense<[${bools}]> : ${tensorType(flat)}`,
    });
    return this.reshape(written, type.shape);
  }

  /** The array repeated to `shape`, as NumPy broadcasts. */
  broadcast(tensor: Tensor, shape: readonly number[]): Tensor {
    if (sameShape(tensor.shape, shape)) return tensor;
    const first = shape.length - tensor.shape.length;
    return this.broadcastAlong(
      tensor,
      shape,
      tensor.shape.map((_, axis) => first + axis),
    );
  }

  /** The array repeated to `shape`, its axes becoming `axes` of the result. */
  broadcastAlong(tensor: Tensor, shape: readonly number[], axes: readonly number[]): Tensor {
    const attributes = { broadcast_dimensions: integers(axes) };
    return this.operation("stablehlo.broadcast_in_dim", [tensor], { shape, dtype: tensor.dtype }, attributes);
  }

  reshape(tensor: Tensor, shape: readonly number[]): Tensor {
    return this.operation("stablehlo.reshape", [tensor], { shape, dtype: tensor.dtype });
  }

  /** The elements within a range of each axis. */
  slice(tensor: Tensor, ranges: readonly Interval[]): Tensor {
    const shape = ranges.map(([start, end]) => end - start);
    const attributes = {
      start_indices: integers(ranges.map(([start]) => start)),
      limit_indices: integers(ranges.map(([, end]) => end)),
      strides: integers(ranges.map(() => 1)),
    };
    return this.operation("stablehlo.slice", [tensor], { shape, dtype: tensor.dtype }, attributes);
  }

  /** The attribute of operations that multiply arrays of this type, and add. */
  precisionConfig({ dtype }: ArrayType): { precision_config: string } {
    const rounded = dtype === "bfloat16" || this.precision === "tf32";
    const precision = `#stablehlo<precision ${rounded ? "DEFAULT" : "HIGHEST"}>`;
    return { precision_config: `[${precision}, ${precision}]` };
  }
}
