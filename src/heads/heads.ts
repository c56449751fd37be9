/** @file The table of heads: a name for each. */
import { autoregressiveHead } from "./autoregressive.js";
import type { PixelHead } from "./head.js";
import { independentHead } from "./independent.js";

/** Every head by its name. */
const heads = { independent: independentHead, autoregressive: autoregressiveHead };

/** The name of a head. */
export type HeadName = keyof typeof heads;
export const headNames = Object.keys(heads) as HeadName[];

/** The head of a name; what its parameters are is its own. */
export const headOf = (name: HeadName): PixelHead => heads[name] as unknown as PixelHead;
