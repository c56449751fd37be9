/**
 * @file Python's pickles of plain data (https://docs.python.org/3/library/pickle.html; opcodes in CPython's
 * `pickletools.py`), protocols 0 to 5, without running anything: a pickle is a program for a small stack machine, and here
 * it can call only what its reader allows by name.
 *
 * Dictionaries become Maps, lists, tuples and sets arrays, None null; integers beyond 2⁵³ bigint. Short strings of Python 2 become
 * text, longer ones bytes, since it had one type for both. Bytes are views of the file.
 */
import { isUint8Array } from "node:util/types";
import { UserError } from "../../errors.js";
import { parseDecimal, parseFloatText, parseQuoted, parseRawUnicode, shown } from "./pickle-text.js";
import { isSuspicious, PythonName, PythonObject } from "./python-objects.js";

type Refuse = (problem: string) => never;

/** What a pickle may call: given the arguments, and what throws when they make no sense. */
export type PickleFunction = (given: readonly unknown[], refuse: Refuse) => unknown;

/** Python's globals by "module name". Those that are a `PickleFunction` can be called, others only handed on. */
export type PickleGlobals = ReadonlyMap<string, unknown>;

/** What a called function made may be given a state, as `__setstate__` is. */
export interface Stateful {
  setState(state: unknown, refuse: Refuse): void;
}

export interface PickleOptions {
  /** The file's name, for messages. */
  where: string;
  globals?: PickleGlobals;
  /** Whether other classes may be named: they and their objects become `PythonName` and `PythonObject`, and are never made. */
  holdObjects?: boolean;
  /** What stands for an object that lies outside of the pickle, as the storages of PyTorch do. */
  persistent?: (id: unknown, refuse: Refuse) => unknown;
  /** Byte at which the pickle begins. */
  start?: number;
}

/** Opcodes in one pickle, and values in what it makes, were what is shared written out. */
const MOST_VALUES = 10_000_000;
/** Lists, tuples, dictionaries and calls: each costs some hundred bytes of memory for one of the file. */
const MOST_CONTAINERS = 1_000_000;
const DEEPEST = 100;
/** Bytes of the largest integer. */
const LARGEST_INTEGER = 256;

/**
 * The value of the pickle that begins at a byte of a file, and where it ends, since several may follow one another.
 *
 * @throws UserError when it is cut off or malformed, names a global that is not allowed, refers to itself, or makes far
 *   more than the file holds
 */
export function unpickle(bytes: Uint8Array, options: PickleOptions): { value: unknown; end: number } {
  const machine = new Machine(bytes, options);
  for (let values = 0; ; values++) {
    const code = machine.byte();
    if (code === STOP) break;
    if (values === MOST_VALUES) machine.refuse(`it has more than ${MOST_VALUES} opcodes`);
    const operation = operations.get(code);
    if (operation === undefined) machine.refuse(`its opcode 0x${code.toString(16)} is none that plain data need`);
    else operation(machine);
  }
  const value = machine.pop();
  measure(value, machine.refuse);
  return { value, end: machine.position };
}

/** Globals that stand for plain data: bytes and ordered dictionaries. */
export const plainGlobals: PickleGlobals = new Map<string, PickleFunction>([
  ["_codecs encode", encodeLatin1], // how protocols before 3 write Python 3's bytes
  ["__builtin__ bytes", () => new Uint8Array()],
  ["builtins bytes", () => new Uint8Array()],
  ["collections OrderedDict", orderedDictionary],
  ["collections defaultdict", () => new Map()], // (what makes a missing value)
  ["collections Counter", ([counts], refuse) => (counts instanceof Map ? counts : refuse("a Counter counts nothing"))],
]);

/** Python 2 gives the items at once, as a list of pairs; Python 3 sets them afterwards. */
function orderedDictionary([items = []]: readonly unknown[], refuse: Refuse): Map<unknown, unknown> {
  const isPair = (pair: unknown): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2;
  if (!Array.isArray(items) || !items.every(isPair)) return refuse("an ordered dictionary is made of no pairs");
  return new Map(items);
}

function encodeLatin1([text, codec]: readonly unknown[], refuse: Refuse): Uint8Array {
  if (typeof text !== "string" || codec !== "latin1") return refuse("it encodes what is no text as latin1");
  return Buffer.from(text, "latin1");
}

const STOP = 0x2e;

class Machine {
  position: number;
  readonly #bytes: Buffer;
  readonly #options: PickleOptions;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #containers = 0;
  #madeBytes = 0;
  #givenItems = 0;

  constructor(bytes: Uint8Array, options: PickleOptions) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#options = options;
    this.position = options.start ?? 0;
  }

  readonly refuse: Refuse = (problem) => {
    throw new UserError("damaged", `Expected a pickle of plain data in ${this.#options.where}, but ${problem}.`);
  };

  // Reading. Nothing is taken before the file is known to hold it.

  take(count: number | bigint): Buffer {
    const left = this.#bytes.length - this.position;
    if (count > left) {
      this.refuse(`it is cut off: at byte ${this.position} it needs ${count} more, and the file has ${left}`);
    }
    const from = this.position;
    this.position += Number(count);
    return this.#bytes.subarray(from, this.position);
  }

  byte(): number {
    return this.take(1)[0];
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) this.refuse(`it is cut off in the line at byte ${this.position}`);
    const line = this.take(end - this.position).toString("latin1");
    this.position++;
    return line;
  }

  /** Bytes that stand behind their number. */
  counted(size: 1 | 4 | 8): Buffer {
    const length = this.take(size);
    return this.take(size === 1 ? length[0] : size === 4 ? length.readUInt32LE() : length.readBigUInt64LE());
  }

  utf8(bytes: Buffer): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.refuse(`a text before byte ${this.position} is no UTF-8`);
    }
  }

  integer(bytes: Buffer): number | bigint {
    if (bytes.length > LARGEST_INTEGER) this.refuse(`it has an integer of ${bytes.length} bytes`);
    if (bytes.length === 0) return 0;
    const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
    return numberOf(BigInt.asIntN(bytes.length * 8, unsigned));
  }

  // The stack.

  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** A list, tuple, dictionary or result of a call. */
  pushContainer(value: unknown): void {
    if (++this.#containers > MOST_CONTAINERS)
      this.refuse(`it makes more than ${MOST_CONTAINERS} lists and dictionaries`);
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.refuse(`a value is missing at byte ${this.position}`);
    return this.#stack.pop();
  }

  /** The value on top, which stays. */
  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.refuse(`a mark is missing at byte ${this.position}`);
    return this.#stack.splice(mark);
  }

  remember(index: unknown): void {
    if (typeof index !== "number" || index < 0) this.refuse(`it remembers a value as number ${index}`);
    else this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: unknown): void {
    if (!this.#memo.has(index as number)) this.refuse(`it recalls the value ${index}, which it has not remembered`);
    this.push(this.#memo.get(index as number));
  }

  // Dictionaries and lists.

  append(values: readonly unknown[]): void {
    const top = this.top();
    const list = top instanceof PythonObject ? top.items : top;
    if (!Array.isArray(list)) this.refuse(`it appends to what is no list at byte ${this.position}`);
    else for (const value of values) list.push(value);
  }

  setItems(pairs: readonly unknown[]): void {
    const map = this.top();
    if (map instanceof PythonObject) {
      map.items.push(...pairs);
      return;
    }
    if (!(map instanceof Map)) this.refuse(`it sets items of what is no dictionary at byte ${this.position}`);
    if (pairs.length % 2 !== 0) this.refuse(`a key has no value at byte ${this.position}`);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      // Python 2 had one type for b"labels" and "labels", so that a file may have either
      map.set(isUint8Array(key) ? Buffer.from(key).toString("latin1") : key, pairs[i + 1]);
    }
  }

  // What could run code elsewhere.

  pushGlobal(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") {
      this.refuse(`it asks for Python's ${shown(module)} ${shown(name)}`);
    }
    const key = `${module} ${name}`;
    const known = this.#options.globals;
    if (known?.has(key)) this.push(known.get(key));
    else if (isSuspicious(module as string, name as string)) {
      this.refuse(
        `it asks for Python's ${shown(key)}, which no such data need; other programs may run it, so do not open it`,
      );
    } else if (!this.#options.holdObjects) {
      this.refuse(`it asks for Python's ${shown(key)}, which is not among the plain data that are read here`);
    } else this.pushContainer(new PythonName(module as string, name as string));
  }

  /** Calls a function that is allowed; the bytes that functions make can be no more than the file has. */
  call(): void {
    const [callee, given] = this.popMany(2);
    this.callWith(callee, given);
  }

  callWith(callee: unknown, given: unknown): void {
    if (callee instanceof PythonName && Array.isArray(given)) {
      const isRebuilt = callee.name === "_reconstructor" && given[0] instanceof PythonName; // protocols 0 and 1
      this.pushContainer(isRebuilt ? new PythonObject(given[0], given.slice(1)) : new PythonObject(callee, given));
      return;
    }
    if (typeof callee !== "function" || !Array.isArray(given)) {
      this.refuse(`it calls what is no function at byte ${this.position}`);
    }
    // Lists that are remembered cost nothing to give again, and functions copy them.
    for (const list of given as unknown[]) this.#givenItems += Array.isArray(list) ? list.length : 0;
    if (this.#givenItems > this.#bytes.length) this.refuse("it gives functions more items than it has bytes");
    const made: unknown = (callee as PickleFunction)(given, this.refuse);
    this.#madeBytes += isUint8Array(made) ? made.length : 0;
    if (this.#madeBytes > this.#bytes.length) this.refuse("it makes more bytes than it has");
    this.pushContainer(made);
  }

  build(): void {
    const state = this.pop();
    const target = this.top() as Stateful | null | undefined;
    if (target instanceof Map || target instanceof PythonName) return; // attributes, as PyTorch sets of dictionaries
    if (typeof target?.setState !== "function") {
      this.refuse(`it sets the state of what has none at byte ${this.position}`);
    }
    if (++this.#containers > MOST_CONTAINERS) this.refuse(`it sets more than ${MOST_CONTAINERS} states`);
    target.setState(state, this.refuse);
  }

  pushPersistent(id: unknown): void {
    if (this.#options.persistent === undefined) this.refuse("it refers to data outside of itself");
    this.pushContainer(this.#options.persistent(id, this.refuse));
  }
}

const numberOf = (value: bigint): number | bigint =>
  BigInt.asIntN(54, value) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value;

const LONGEST_TEXT = 255;
/** A string of Python 2 that is too long for its short form holds data, not text. */
const python2String = (bytes: Buffer) => (bytes.length > LONGEST_TEXT ? bytes : bytes.toString("latin1"));

const dictionaryOf = (m: Machine, pairs: unknown[]): void => {
  m.pushContainer(new Map());
  m.setItems(pairs);
};

/** Every opcode that data use. Not among them: registered extensions, buffers out of band. */
const operations = new Map<number, (m: Machine) => void>(
  Object.entries<(m: Machine) => void>({
    "\x80": (m) => (m.byte() > 5 ? m.refuse("it has a protocol later than 5") : undefined),
    "\x95": (m) => {
      const length = m.take(8).readBigUInt64LE(); // a frame: a hint for reading ahead
      const start = m.position;
      m.take(length);
      m.position = start;
    },

    "(": (m) => m.mark(),
    "0": (m) => m.pop(),
    "1": (m) => m.popToMark(),
    "2": (m) => m.push(m.top()),
    p: (m) => m.remember(parseDecimal(m.line(), m.refuse)),
    q: (m) => m.remember(m.byte()),
    r: (m) => m.remember(m.take(4).readUInt32LE()),
    "\x94": (m) => m.rememberNext(),
    g: (m) => m.recall(parseDecimal(m.line(), m.refuse)),
    h: (m) => m.recall(m.byte()),
    j: (m) => m.recall(m.take(4).readUInt32LE()),

    N: (m) => m.push(null),
    "\x88": (m) => m.push(true),
    "\x89": (m) => m.push(false),
    I: (m) => {
      const line = m.line();
      m.push(line === "00" ? false : line === "01" ? true : parseDecimal(line, m.refuse));
    },
    J: (m) => m.push(m.take(4).readInt32LE()),
    K: (m) => m.push(m.byte()),
    M: (m) => m.push(m.take(2).readUInt16LE()),
    L: (m) => m.push(parseDecimal(m.line().replace(/L$/, ""), m.refuse)),
    "\x8a": (m) => m.push(m.integer(m.counted(1))),
    "\x8b": (m) => m.push(m.integer(m.counted(4))),
    F: (m) => m.push(parseFloatText(m.line(), m.refuse)),
    G: (m) => m.push(m.take(8).readDoubleBE()),

    S: (m) => m.push(python2String(parseQuoted(m.line(), m.refuse))),
    T: (m) => m.push(python2String(m.counted(4))),
    U: (m) => m.push(python2String(m.counted(1))),
    V: (m) => m.push(parseRawUnicode(m.line(), m.refuse)),
    X: (m) => m.push(m.utf8(m.counted(4))),
    "\x8c": (m) => m.push(m.utf8(m.counted(1))),
    "\x8d": (m) => m.push(m.utf8(m.counted(8))),
    B: (m) => m.push(m.counted(4)),
    C: (m) => m.push(m.counted(1)),
    "\x8e": (m) => m.push(m.counted(8)),
    "\x96": (m) => m.push(m.counted(8)),

    "]": (m) => m.pushContainer([]),
    l: (m) => m.pushContainer(m.popToMark()),
    a: (m) => m.append(m.popMany(1)),
    e: (m) => m.append(m.popToMark()),
    ")": (m) => m.pushContainer([]),
    t: (m) => m.pushContainer(m.popToMark()),
    "\x85": (m) => m.pushContainer(m.popMany(1)),
    "\x86": (m) => m.pushContainer(m.popMany(2)),
    "\x87": (m) => m.pushContainer(m.popMany(3)),
    "}": (m) => m.pushContainer(new Map()),
    d: (m) => dictionaryOf(m, m.popToMark()),
    s: (m) => m.setItems(m.popMany(2)),
    u: (m) => m.setItems(m.popToMark()),

    "\x8f": (m) => m.pushContainer([]),
    "\x90": (m) => m.append(m.popToMark()),
    "\x91": (m) => m.pushContainer(m.popToMark()),

    c: (m) => m.pushGlobal(m.line(), m.line()),
    "\x93": (m) => m.pushGlobal(...(m.popMany(2) as [unknown, unknown])),
    R: (m) => m.call(),
    "\x81": (m) => m.call(), // the class and the arguments of its __new__
    "\x92": (m) => {
      const [callee, given, keywords] = m.popMany(3); // the same with arguments by name
      if (!(callee instanceof PythonName)) m.refuse(`it calls a function with keywords at byte ${m.position}`);
      m.callWith(callee, [...(Array.isArray(given) ? given : []), keywords]);
    },
    i: (m) => {
      m.pushGlobal(m.line(), m.line()); // a class of Python 2 and the arguments behind the mark
      const callee = m.pop();
      m.callWith(callee, m.popToMark());
    },
    o: (m) => {
      const [callee, ...given] = m.popToMark();
      m.callWith(callee, given);
    },
    b: (m) => m.build(),
    P: (m) => m.pushPersistent(m.line()),
    Q: (m) => m.pushPersistent(m.pop()),
  }).map(([code, operation]) => [code.charCodeAt(0), operation]),
);

/** Refuses a value that contains itself, is nested deeply, or would be huge if all that it shares were written out. */
function measure(root: unknown, refuse: Refuse): void {
  const sizes = new Map<object, { depth: number; values: number } | undefined>(); // undefined while it is open
  const pending = [root].filter(isContainer);
  for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
    if (!sizes.has(node)) {
      sizes.set(node, undefined);
      for (const part of partsOf(node)) {
        if (!isContainer(part)) continue;
        if (!sizes.has(part)) pending.push(part);
        else if (sizes.get(part) === undefined) refuse("it contains itself");
      }
      if (pending.at(-1) !== node) continue;
    }
    pending.pop();
    if (sizes.get(node) !== undefined) continue;
    let [depth, values] = [0, 0];
    for (const part of partsOf(node)) {
      const size = isContainer(part) ? sizes.get(part)! : { depth: 0, values: 0 };
      depth = Math.max(depth, size.depth);
      values += 1 + size.values;
    }
    if (depth >= DEEPEST) refuse(`it is nested more than ${DEEPEST} levels deep`);
    if (values > MOST_VALUES) refuse(`it spells out to more than ${MOST_VALUES} values`);
    sizes.set(node, { depth: depth + 1, values });
  }
}

type Container = unknown[] | Map<unknown, unknown>;

const isContainer = (value: unknown): value is Container => Array.isArray(value) || value instanceof Map;

function* partsOf(container: Container): Iterable<unknown> {
  if (Array.isArray(container)) return yield* container;
  for (const pair of container) yield* pair;
}
