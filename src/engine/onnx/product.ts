/** @file Products of matrices. */
import type { Equation } from "../graph/graph.js";
import { sizeOf } from "../spec.js";
import type { Lowering } from "./lowering.js";

/** Batch axes first, then [free, contracted] or the reverse, each group of axes made one; then one product. */
export function lowerProduct({ inputs, params, outputs }: Equation<"dotGeneral">, lowering: Lowering): string {
  const { batch, contract } = params;
  const batchSizes = batch.map(([left]) => inputs[0].shape[left]);
  const [left, right] = inputs.map((atom, side) => {
    const batched = batch.map((pair) => pair[side]);
    const contracted = contract.map((pair) => pair[side]);
    const free = atom.shape
      .map((_, axis) => axis)
      .filter((axis) => !batched.includes(axis) && !contracted.includes(axis));
    const size = (axes: readonly number[]) => sizeOf(axes.map((axis) => atom.shape[axis]));
    /** The operand as a matrix with these groups of axes as rows and columns. */
    const matrix = (...groups: (readonly number[])[]) => {
      const permutation = [...batched, ...groups.flat()];
      const moved = lowering.transpose(lowering.full(atom), permutation);
      const shape = permutation.map((axis) => atom.shape[axis]);
      return lowering.reshape(moved, shape, [...batchSizes, ...groups.map(size)]);
    };
    const contractedFirst = [...batched, ...contracted, ...free].every((axis, index) => axis === index);
    return { free, contracted, contractedFirst, matrix, freeSize: size(free) };
  });
  const product = batch.length > 0 ? batchedProduct() : gemm();
  return lowering.reshape(product, [...batchSizes, left.freeSize, right.freeSize], outputs[0].shape);

  function batchedProduct(): string {
    const operands = [left.matrix(left.free, left.contracted), right.matrix(right.contracted, right.free)];
    return lowering.node("MatMul", operands)[0];
  }

  /** Takes either operand the way it lies in memory. */
  function gemm(): string {
    const [transA, transB] = [left.contractedFirst ? 1 : 0, right.contractedFirst ? 0 : 1];
    const a = transA ? left.matrix(left.contracted, left.free) : left.matrix(left.free, left.contracted);
    const b = transB ? right.matrix(right.free, right.contracted) : right.matrix(right.contracted, right.free);
    return lowering.node("Gemm", [a, b], { transA, transB })[0];
  }
}
