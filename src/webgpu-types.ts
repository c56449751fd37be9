/**
 * @file Names of WebGPU that jax-js's types mention, for projects whose `lib` lacks them (no DOM, or TypeScript 5): where they
 * are declared in full, these add nothing.
 */
declare global {
  interface GPUBuffer {}
  interface GPUDevice {}
}

export {};
