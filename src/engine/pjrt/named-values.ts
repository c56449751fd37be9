/** @file Options with names, as PJRT takes them when a client or a topology is made. */
import { bitsOf, type Word } from "../native.js";
import { Struct, struct } from "./struct.js";

/**
 * The value of an option. A whole number is an integer, another number a float; `{ float: 1 }` is a float that is
 * whole. Plugins do not convert one into the other, and old ones abort the process on a wrong type.
 */
type NamedValue = string | boolean | number | { readonly float: number } | readonly number[];

export type NamedValues = Readonly<Record<string, NamedValue>>;

/** `sizeof(PJRT_NamedValue)` */
const BYTES = 56;

/** Types by their numbers in `PJRT_NamedValue_Type`. */
const TYPE = { string: 0, integer: 1, integers: 2, float: 3, boolean: 4 };

/** The address and length of an array of `PJRT_NamedValue`. */
export function namedValues(values: NamedValues): [array: Word, length: number] {
  const structs = Object.entries(values).map(([name, value]) => {
    const key = new TextEncoder().encode(name);
    return struct(BYTES, key, key.length, ...typed(value));
  });
  const array = new Struct((BYTES / 8) * structs.length);
  for (const [index, one] of structs.entries()) array.set(one, (BYTES / 8) * index);
  array.pointees = structs;
  return [array, structs.length];
}

/** Type, value and length. */
function typed(value: NamedValue): [type: number, value: Word, length: number] {
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    return [TYPE.string, text, text.length];
  }
  if (typeof value === "boolean") return [TYPE.boolean, Number(value), 1];
  if (typeof value === "number") {
    return Number.isInteger(value) ? [TYPE.integer, value, 1] : typed({ float: value });
  }
  if ("float" in value) return [TYPE.float, new Uint32Array(Float32Array.of(value.float).buffer)[0], 1];
  return [TYPE.integers, BigUint64Array.from(value, bitsOf), value.length];
}
