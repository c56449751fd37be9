/** @file The engine: compiles jax-js functions and runs them on ONNX Runtime. Nothing in it knows what a VAE is. */

export { type CompileOptions, compile } from "./compile.js";
export { testWebGpu, type Verdict } from "./device-test/verdict.js";
export {
  describeModel,
  type LoadedModel,
  loadModel,
  type ModelArray,
  type ModelDescription,
  OPEN,
} from "./foreign-model.js";
export { type OpenRuntimeOptions, openRuntime } from "./open-runtime.js";
export { Packer } from "./packer.js";
export { Packing, ROW } from "./packing.js";
export { type PortableFunction, portableModel } from "./portable.js";
export { type Operand, Program } from "./program.js";
export { DeviceArray, defaultRuntime, Runtime, type RuntimeOptions } from "./runtime/runtime.js";
export { type DType, Spec, sizeOf, spec, type TypedArray } from "./spec.js";
export { entries, leaves, map, rebuild, type Tree } from "./tree.js";
