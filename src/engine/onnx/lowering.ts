/** @file The ONNX model under construction, and the names under which arrays are known in it. */
import { TensorProto_DataType } from "onnx-buf";
import { type Atom, type Interval, isLiteral, type Value } from "../graph/graph.js";
import { broadcastShapes } from "../graph/shapes.js";
import { type DType, sameShape } from "../spec.js";
import { elementType, ModelBuilder } from "./model.js";

/** Domain of ONNX Runtime's operators on blocked images. */
const BLOCKED = "com.microsoft.nchwc";

/**
 * Every array is known as itself, or blocked, or both; either is made from the other when first asked for.
 *
 * Blocked images [N, C, H, W] lie in memory as [N, C/b, H, W, b], though declared as before: ONNX Runtime's fastest
 * convolutions want them so, elementwise operations do not care, and neither do concatenation and splitting of channels at
 * multiples of b.
 */
export class Lowering {
  readonly #plain = new Map<Value, string>();
  readonly #blocked = new Map<Value, string>();
  /** What a reshaped array was before. */
  readonly #reshaped = new Map<string, { name: string; shape: string }>();

  readonly node: ModelBuilder["node"];

  /** @param block - channels to a block; 0 where the machine has no blocked convolutions */
  constructor(
    readonly block: number,
    readonly model = new ModelBuilder(),
  ) {
    this.node = model.node.bind(model);
  }

  /** Writes an operator on blocked images. */
  blockedNode(opType: string, inputs: readonly string[], attributes: Parameters<ModelBuilder["node"]>[2]): string {
    return this.node(opType, inputs, attributes, { domain: BLOCKED })[0];
  }

  define(value: Value, name: string): void {
    this.#plain.set(value, name);
  }

  defineBlocked(value: Value, name: string): void {
    this.#blocked.set(value, name);
  }

  /** Whether an array may be blocked: a float32 image whose channels fill blocks. */
  fitsBlocks({ shape, dtype }: Atom): boolean {
    return (
      this.block > 0 &&
      shape.length === 4 &&
      dtype === "float32" &&
      shape[1] % this.block === 0 &&
      shape[2] * shape[3] > 1
    );
  }

  /** Whether an array exists blocked. */
  isBlocked(atom: Atom): boolean {
    return !isLiteral(atom) && this.#blocked.has(atom);
  }

  /** Whether an array exists blocked and not otherwise. */
  isBlockedOnly(atom: Atom): boolean {
    return this.isBlocked(atom) && !this.#plain.has(atom as Value);
  }

  /** The array with all its elements. */
  full(atom: Atom): string {
    if (isLiteral(atom)) {
      const scalar = this.model.scalar(atom.value, atom.dtype);
      return atom.shape.length === 0 ? scalar : this.node("Expand", [scalar, this.model.integers(atom.shape)])[0];
    }
    const name = this.#plain.get(atom) ?? this.#reorderOutput(atom, 0);
    this.#plain.set(atom, name);
    return name;
  }

  /** The array blocked; it must fit, or be of one pixel. */
  blocked(atom: Atom): string {
    const [, , height, width] = atom.shape;
    if (isLiteral(atom) || height * width === 1) return this.full(atom); // any order is the same
    const name = this.#blocked.get(atom) ?? this.blockedNode("ReorderInput", [this.full(atom)], {});
    this.#blocked.set(atom, name);
    return name;
  }

  /** A blocked image as [N, H, W, C]. */
  channelsLast(value: Value): string {
    return this.#reorderOutput(value, 1);
  }

  #reorderOutput(value: Value, channelsLast: 0 | 1): string {
    const attributes = { channels: value.shape[1], channels_last: channelsLast };
    return this.blockedNode("ReorderOutput", [this.#blocked.get(value)!], attributes);
  }

  /** Operands of an elementwise operation: literals as scalars where the other operands fix the result's shape. */
  operands(inputs: readonly Atom[], shape: readonly number[], read: (atom: Atom) => string): string[] {
    const arrays = inputs.filter((input) => !isLiteral(input));
    const covered = arrays.length > 0 && sameShape(broadcastShapes(...arrays.map((a) => a.shape)), shape);
    return inputs.map((input) =>
      isLiteral(input) && covered ? this.model.scalar(input.value, input.dtype) : read(input),
    );
  }

  transpose(x: string, permutation: readonly number[]): string {
    if (permutation.every((axis, index) => axis === index)) return x;
    return this.node("Transpose", [x], { perm: permutation })[0];
  }

  /** An array of this shape with its first two axes swapped. */
  swapFirst(x: string, shape: readonly number[]): string {
    const [first, second, ...rest] = shape;
    if (first === 1 || second === 1) return this.reshape(x, shape, [second, first, ...rest]);
    return this.transpose(x, [1, 0, ...rest.map((_, axis) => axis + 2)]);
  }

  /** Parts of these sizes along an axis. */
  split(x: string, axis: number, sizes: readonly number[]): string[] {
    if (sizes.length === 1) return [x];
    return this.node("Split", [x, this.model.integers(sizes)], { axis }, { outputs: sizes.length });
  }

  /** The array with zeros around it. */
  pad(x: string, widths: readonly Interval[], dtype: DType): string {
    if (widths.every(([before, after]) => before === 0 && after === 0)) return x;
    const pads = this.model.integers([0, 1].flatMap((side) => widths.map((width) => width[side])));
    return this.node("Pad", [x, pads, this.model.scalar(0, dtype)])[0];
  }

  /** The same elements under another shape; of reshapes that follow one another only the last is written. */
  reshape(x: string, from: readonly number[], to: readonly number[]): string {
    const origin = this.#reshaped.get(x) ?? { name: x, shape: String(from) };
    if (origin.shape === String(to)) return origin.name;
    const allowZero = to.includes(0) ? { allowzero: 1 } : undefined;
    const [name] = this.node("Reshape", [origin.name, this.model.targetShape(to)], allowZero);
    this.#reshaped.set(name, origin);
    return name;
  }

  /** The sum over an axis. */
  sum(x: string, axis: number): string {
    return this.node("ReduceSum", [x, this.model.integers([axis])], { keepdims: 0 })[0];
  }

  /** The same array under another name, without a copy. */
  renamed(x: string, shape: readonly number[]): string {
    return this.node("Reshape", [x, this.model.integers(shape)])[0];
  }

  cast(x: string, dtype: DType | "int64"): string {
    return this.node("Cast", [x], { to: elementType(dtype) })[0];
  }

  /** Rounds float32 to bfloat16 and gives the bits. */
  toBfloat16(x: string): string {
    const [rounded] = this.node("Cast", [x], { to: TensorProto_DataType.BFLOAT16 });
    return this.node("BitCast", [rounded], { to: elementType("bfloat16") })[0];
  }

  /** The float32 numbers that bits of bfloat16 stand for. */
  fromBfloat16(bits: string): string {
    return this.cast(this.node("BitCast", [bits], { to: TensorProto_DataType.BFLOAT16 })[0], "float32");
  }

  /** Entries along an axis in reverse order. */
  reverse(x: string, axis: number, size: number): string {
    const index = this.model.integers(Array.from({ length: size }, (_, i) => size - 1 - i));
    return this.node("Gather", [x, index], { axis })[0];
  }
}
