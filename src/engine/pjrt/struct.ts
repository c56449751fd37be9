/** @file C structures, each a row of 64-bit words. */
import { bitsOf, type Word } from "../native.js";

/** A C structure. What its words point at lives as long as it does. */
export class Struct extends BigUint64Array {
  pointees: readonly Word[] = [];
}

/**
 * A structure as PJRT has them all: its size, a pointer to extensions (none), then its fields.
 *
 * @param bytes - `sizeof` the structure: fields that are not given are 0, and the plugin may write to them
 */
export function struct(bytes: number, ...fields: Word[]): Struct {
  const result = new Struct(Math.ceil(bytes / 8));
  result.set([BigInt(bytes), 0n, ...fields.map(bitsOf)]);
  result.pointees = fields;
  return result;
}
