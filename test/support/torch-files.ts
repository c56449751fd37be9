/** @file Pickles and archives as PyTorch writes them, or as someone would who means harm. */
import { type ZipSpec, zipOf } from "./archives.js";

const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("latin1");
const i32 = (value: number): string => Buffer.from(Int32Array.of(value).buffer).toString("latin1");

/** Opcodes, as latin1 text. */
export const text = (value: string): string => `X${u32(value.length)}${value}`;
export const integer = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? `J${i32(value)}` : `I${value}\n`;
const tuple = (numbers: readonly number[]): string => `(${numbers.map(integer).join("")}t`;

/** What a pickle says of a tensor; all of it may be a lie. */
export interface TensorSpec {
  type?: string;
  storage?: string;
  /** Elements of the storage. */
  count: number;
  offset?: number;
  shape: readonly number[];
  strides: readonly number[];
}

/** The opcodes of a tensor. */
export function tensor({
  type = "FloatStorage",
  storage = "0",
  count,
  offset = 0,
  shape,
  strides,
}: TensorSpec): string {
  const reference = `(${text("storage")}ctorch\n${type}\n${text(storage)}${text("cpu")}${integer(count)}tQ`;
  const view = `${integer(offset)}${tuple(shape)}${tuple(strides)}\x89ccollections\nOrderedDict\n)R`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${reference}${view}tR`;
}

/** The opcodes of a dictionary of values that are opcodes. */
export const dictionary = (items: Record<string, string>): string =>
  `}(${Object.entries(items)
    .map(([key, value]) => text(key) + value)
    .join("")}u`;

/** A pickle in protocol 2. */
export const pickle = (value: string): Buffer => Buffer.from(`\x80\x02${value}.`, "latin1");

/** A checkpoint: its value in opcodes, and the bytes of its storages. */
export const torchZip = (
  value: string,
  storages: Record<string, Uint8Array> = {},
  { root = "archive", more = [] }: { root?: string; more?: ZipSpec[] } = {},
): Buffer =>
  zipOf([
    { name: `${root}/data.pkl`, content: pickle(value) },
    ...Object.entries(storages).map(([name, content]) => ({ name: `${root}/data/${name}`, content })),
    ...more,
  ]);

/** Bytes of float32 numbers. */
export const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
