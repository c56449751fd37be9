/** @file A writer of pickles of dictionaries with NumPy arrays, as CIFAR-10's authors and others have made them. */

/** uint8 unless another of NumPy's types is named, whose bytes these are. */
interface PickledArray {
  bytes: Uint8Array;
  shape: number[];
  type?: string;
}
type Value = number | string | PickledArray | readonly Value[] | { [key: string]: Value };

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const length4 = (length: number): Buffer => Buffer.from(Uint32Array.of(length).buffer);

/**
 * A pickle in protocol 2, with strings as Python 2 wrote them, or in protocol 3 with Python 3's bytes for them.
 *
 * @param python - who writes
 */
export function pickleOf(value: Value, python: 2 | 3 = 2): Buffer {
  const string = (bytes: Uint8Array): Buffer => {
    const short = bytes.length < 256;
    const code = python === 2 ? (short ? "U" : "T") : short ? "C" : "B";
    return Buffer.concat([latin1(code), short ? Buffer.of(bytes.length) : length4(bytes.length), bytes]);
  };
  /** The names of types are texts, which Python 3 keeps apart. */
  const text = (name: string): Buffer =>
    python === 2 ? string(latin1(name)) : Buffer.concat([latin1("X"), length4(name.length), latin1(name)]);
  const integer = (number: number): Buffer => Buffer.concat([latin1("J"), Buffer.from(Int32Array.of(number).buffer)]);
  const array = ({ bytes, shape, type = "u1" }: PickledArray): Buffer =>
    Buffer.concat([
      latin1("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"),
      string(latin1("b")),
      latin1("\x87R(K\x01("),
      ...shape.map(integer),
      latin1("tcnumpy\ndtype\n"),
      text(type),
      latin1("K\0K\x01\x87R(K\x03"),
      text(type.endsWith("1") ? "|" : "<"),
      latin1("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"),
      string(bytes),
      latin1("tb"),
    ]);
  const write = (item: Value): Buffer => {
    if (typeof item === "number") return integer(item);
    if (typeof item === "string") return string(latin1(item));
    if (Array.isArray(item)) return Buffer.concat([latin1("]("), ...item.map(write), latin1("e")]);
    if (isArray(item)) return array(item);
    const pairs = Object.entries(item).flatMap(([key, entry]) => [string(latin1(key)), write(entry)]);
    return Buffer.concat([latin1("}("), ...pairs, latin1("u")]);
  };
  return Buffer.concat([latin1(`\x80${String.fromCharCode(python)}`), write(value), latin1(".")]);
}

const isArray = (value: object): value is PickledArray => "bytes" in value;
