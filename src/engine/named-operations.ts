/** @file Functions under `jit` that stand for an operation of the engine, known by their names. */
import type { Emit } from "./builder.js";
import type { Atom } from "./graph.js";

/** The result of calling the jitted function `name`, if it stands for an operation; `shape` is that of its result. */
export function namedOperation(
  name: string,
  inputs: readonly Atom[],
  shape: readonly number[],
  emit: Emit,
): Atom[] | undefined {
  switch (name) {
    case "toStorage":
      return emit("toStorage", inputs, {});
    case "fromStorage":
      return emit("fromStorage", inputs, { shape });
    case "checkpoint_jvp_peval": // differentiated; otherwise there is no backward part to keep anything for
      return emit("checkpoint", inputs, {});
    default:
      return undefined;
  }
}
