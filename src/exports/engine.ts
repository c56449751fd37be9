/** @file `strata-vae/engine`: compile a jax-js function of your own and run it on ONNX Runtime. Knows nothing of VAEs. */
import "../webgpu-types.js";

export {
  type Compiled,
  type CompileOptions,
  compile,
  type DeviceArray,
  type DType,
  defaultRuntime,
  entries,
  type Given,
  type LeafOf,
  leaves,
  type Mapped,
  map,
  type OpenRuntimeOptions,
  type Operand,
  openRuntime,
  type Program,
  type ResultOf,
  Runtime,
  type RuntimeOptions,
  rebuild,
  Spec,
  spec,
  type TypedArray,
} from "../engine/index.js";
export { type PortableFunction, portableModel } from "../engine/portable.js";
export { checkpoint, sigmoid, softplus, swish } from "../engine/primitives.js";
