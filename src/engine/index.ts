/** @file The engine: compiles jax-js functions and runs them on ONNX Runtime. Nothing in it knows what a VAE is. */
export { type CompileOptions, compile, type Given, type ResultOf } from "./compile.js";
export { testDevice } from "./device-test/verdict.js";
export { createPacker, type Packer } from "./packer.js";
export { type Packing, packingFor, sumOfSquares } from "./packing.js";
export { type Compiled, type Operand, Program } from "./program.js";
export { type OpenRuntimeOptions, openRuntime } from "./runtime/open-runtime.js";
export type { DeviceDescription, ProgramMemory } from "./runtime/protocol.js";
export {
  DeviceArray,
  defaultRuntime,
  type RunPool,
  Runtime,
  type RuntimeOptions,
  type SharedProgram,
} from "./runtime/runtime.js";
export { type DeviceTraits, deviceTraits } from "./runtime/traits.js";
export { type DType, Spec, sizeOf, spec, type TypedArray } from "./spec.js";
export { entries, type LeafOf, leaves, type Mapped, map, rebuild } from "./tree.js";
