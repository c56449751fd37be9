/** @file The table of heads: a name for each. */
import type { ParameterSpec } from "../model/index.js";
import { autoregressiveHead } from "./autoregressive.js";
import type { PixelHead } from "./head.js";
import { independentHead } from "./independent.js";

/** Every head by its name. */
const heads = { independent: independentHead, autoregressive: autoregressiveHead };

/** The name of a head. */
export type HeadName = keyof typeof heads;
export const headNames = Object.keys(heads) as HeadName[];

/** Weights of any head: how their tree is built, it alone knows. */
export type HeadWeights<T> = Record<string, T>;

/** The head of a name. */
export const headOf = (name: HeadName): PixelHead<HeadWeights<ParameterSpec>> =>
  heads[name] as unknown as PixelHead<HeadWeights<ParameterSpec>>;
