/** @file A writer of pickles of Flax's parameters, as the generations of JAX, NumPy and Flax have written them. */

/** An array's elements as bytes; `order` is Fortran's where it says so. */
export interface FlaxArray {
  shape: number[];
  bytes: Uint8Array;
  /** NumPy's name of the type; "f4" where none is given. */
  type?: string;
  fortran?: boolean;
}
export type FlaxTree = FlaxArray | { [name: string]: FlaxTree };

export interface Flavour {
  /** Who wrote the arrays: NumPy itself, or a function of JAX, "module name". */
  array?: string;
  numpy?: 1 | 2;
  /** Flax's dictionary around the tree, in place of Python's. */
  frozen?: boolean;
}

export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
/** A text of Python 3. */
export const text = (value: string): Buffer =>
  Buffer.concat([latin1("X"), Buffer.from(Uint32Array.of(Buffer.byteLength(value)).buffer), Buffer.from(value)]);
const integer = (value: number): Buffer => Buffer.concat([latin1("J"), Buffer.from(Int32Array.of(value).buffer)]);
/** A global, by module and name. */
export const global = (name: string): Buffer => latin1(`c${name.replace(" ", "\n")}\n`);

/** A pickle in protocol 3 of what the opcodes leave on the stack. */
export const pickled = (...opcodes: Buffer[]): Buffer => Buffer.concat([latin1("\x80\x03"), ...opcodes, latin1(".")]);

/** Opcodes of an array. */
export function arrayOf({ shape, bytes, type = "f4", fortran }: FlaxArray, { array, numpy = 1 }: Flavour = {}): Buffer {
  const make = [global(`numpy.${numpy === 1 ? "" : "_"}core.multiarray _reconstruct`), global("numpy ndarray")];
  const given = latin1("K\0\x85C\x01b\x87");
  const dtype = Buffer.concat([
    global("numpy dtype"),
    type === "bfloat16" ? global("ml_dtypes bfloat16") : text(type),
    latin1("\x89\x88\x87R(K\x03"),
    text("<"),
    latin1("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"),
  ]);
  const state = Buffer.concat([
    latin1("(K\x01("),
    ...shape.map(integer),
    latin1("t"),
    dtype,
    latin1(fortran ? "\x88" : "\x89"),
    latin1("B"),
    Buffer.from(Uint32Array.of(bytes.length).buffer),
    bytes,
    latin1("t"),
  ]);
  if (!array) return Buffer.concat([...make, given, latin1("R"), state, latin1("b")]);
  const inferred = Buffer.concat([latin1("}("), text("weak_type"), latin1("\x89"), text("named_shape"), latin1("}u")]);
  return Buffer.concat([global(array), latin1("("), ...make, given, state, inferred, latin1("tR")]);
}

/** Opcodes of a dictionary of opcodes. */
export const dictionaryOf = (items: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([latin1("}("), ...items.flatMap(([name, value]) => [text(name), value]), latin1("u")]);

/** The pickle of a tree of arrays. */
export function flaxPickle(tree: FlaxTree, flavour: Flavour = {}): Buffer {
  const write = (node: FlaxTree): Buffer =>
    isArray(node)
      ? arrayOf(node, flavour)
      : dictionaryOf(Object.entries(node).map(([name, child]) => [name, write(child)]));
  if (!flavour.frozen) return pickled(write(tree));
  return pickled(global("flax.core.frozen_dict FrozenDict"), write(tree), latin1("\x85R"));
}

const isArray = (node: FlaxTree): node is FlaxArray => node.bytes instanceof Uint8Array;

/** A tree of arrays from paths "a/b/c". */
export function treeOf(arrays: ReadonlyMap<string, FlaxArray>): { [name: string]: FlaxTree } {
  const root: { [name: string]: FlaxTree } = {};
  for (const [path, array] of arrays) {
    const names = path.split("/");
    let node = root;
    for (const name of names.slice(0, -1)) {
      node[name] ??= {};
      node = node[name] as { [name: string]: FlaxTree };
    }
    node[names[names.length - 1]] = array;
  }
  return root;
}
