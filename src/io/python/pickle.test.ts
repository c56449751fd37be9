import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { type PickleFunction, plainGlobals, unpickle } from "./pickle.js";

/** Bytes from latin1 text. */
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("latin1");
const u64 = (value: bigint): string => Buffer.from(BigUint64Array.of(value).buffer).toString("latin1");

const load = (pickle: string) => unpickle(bytes(pickle), { where: "a.pkl", globals: plainGlobals }).value;

test.each<[string, string, unknown]>([
  ["None and booleans", "(N\x88\x89I00\nI01\nt.", [null, true, false, false, true]],
  ["integers", "(K\xffM\xff\xffJ\xff\xff\xff\xffI-12\nL34L\nL5\nt.", [255, 65535, -1, -12, 34, 5]],
  [
    "long integers, beyond 2⁵³ as bigint",
    `(\x8a\x00\x8a\x01\xff\x8a\x07\0\0\0\0\0\0\x20\x8b${u32(1)}\x80L-9007199254740993L\nt.`,
    [0, -1, 2n ** 53n, -128, -9007199254740993n],
  ],
  ["floats", "(G\x3f\xf8\0\0\0\0\0\0F-1.5e3\nF2\nFinf\nF-inf\nt.", [1.5, -1500, 2, Infinity, -Infinity]],
  ["not a number", "Fnan\n.", Number.NaN],
  ["strings of Python 2", `(U\x02\xe9aS'a\\x00\\n\\'\\\\'\nS"it's"\nT${u32(1)}bt.`, ["éa", "a\0\n'\\", "it's", "b"]],
  ["a long string of Python 2, as bytes", `T${u32(256)}${"x".repeat(256)}.`, Buffer.from("x".repeat(256))],
  ["texts", `(X${u32(2)}\xc3\xa9\x8c\x01a\x8d${u64(1n)}bVA\\u00e9\\U0001f600\xe9\\n\nt.`, ["é", "a", "b", "Aé😀é\\n"]],
  ["bytes", `(C\x01\xffB${u32(1)}a\x8e${u64(1n)}b\x96${u64(1n)}ct.`, ["\xff", "a", "b", "c"].map(bytes)],
  ["lists", "](K\x01K\x02eK\x03a(K\x04la.", [1, 2, 3, [4]]],
  ["tuples", "()K\x05\x85K\x06K\x07\x86K\x08K\x09K\x0a\x87t.", [[], [5], [6, 7], [8, 9, 10]]],
  [
    "dictionaries",
    "}(U\x01aK\x01U\x01bK\x02uI3\nNs.",
    new Map<unknown, unknown>([
      ["a", 1],
      ["b", 2],
      [3, null],
    ]),
  ],
  ["keys that are bytes as text", "}C\x06labelsK\x01s.", new Map([["labels", 1]])],
  ["the memo", "(U\x01aq\x05U\x01br\x06\0\0\0U\x01cp7\nU\x01d\x94h\x05j\x06\0\0\0g7\nh\x03t.", [..."abcdabcd"]],
  ["what is duplicated and dropped", "(K\x012K\x030(K\x09K\x091t.", [1, 1]],
  ["frames and protocols", `\x80\x04\x95${u64(2n)}K\x07.`, 7],
  ["bytes as protocol 2 has them", "c_codecs\nencode\n(X\x02\0\0\0\xc3\xbfX\x06\0\0\0latin1tR.", bytes("\xff")],
  ["ordered dictionaries", "ccollections\nOrderedDict\n)R(K\x01K\x02u}U\x09_metadata}sb.", new Map([[1, 2]])],
  ["ordered dictionaries of Python 2", "ccollections\nOrderedDict\n(]](K\x01K\x02eatR.", new Map([[1, 2]])],
])("reads %s", (_, pickle, value) => {
  expect(load(pickle)).toEqual(value);
});

const everything = new Map<string, unknown>([
  ["labels", [6, -1, 1000, 70000, 2 ** 31, 2 ** 40, -(2n ** 63n), 2n ** 100n]],
  ["texts", ["Größe \\ 'x'\n", "", "emoji 😀"]],
  ["again", ["Größe \\ 'x'\n", "", "emoji 😀"]],
  ["bytes", bytes("\x00\xff'\\\n")],
  ["numbers", [0.1, -1e300, Infinity, true, false, null]],
  ["nested", new Map([["a", [[], [], new Map(), [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]]])],
]);

/** Arrays are another file's: here they are only called for. */
const anyArray: PickleFunction = () => ({ setState: () => {} });
const globals = new Map<string, unknown>([
  ...plainGlobals,
  ["numpy ndarray", "ndarray"],
  ...["numpy dtype", "numpy._core.multiarray _reconstruct", "numpy._core.multiarray scalar"].map(
    (name) => [name, anyArray] as const,
  ),
  ["numpy._core.numeric _frombuffer", anyArray],
]);

test.each([0, 1, 2, 3, 4, 5])("reads what Python writes in protocol %i", (protocol) => {
  const file = readFileSync(`test/fixtures/pickles/protocol-${protocol}.pkl`);
  const { value, end } = unpickle(file, { where: "a.pkl", globals });
  expect(end).toBe(file.length);
  for (const [key, expected] of everything) expect((value as Map<string, unknown>).get(key)).toEqual(expected);
  expect(value).toHaveProperty("size", 12);
});

test("reads pickles that follow one another, and objects that lie outside of them", () => {
  const file = bytes("K\x01.K\x02.(U\x07storageK\x05tQ.Pplain\n.");
  const persistent = (id: unknown) => ({ id });
  const values: unknown[] = [];
  for (let start = 0; start < file.length; ) {
    const { value, end } = unpickle(file, { where: "a.pkl", start, persistent });
    values.push(value);
    start = end;
  }
  expect(values).toEqual([1, 2, { id: ["storage", 5] }, { id: "plain" }]);
});

test("what is shared is one object", () => {
  const [first, second] = load("(]q\x01h\x01K\x05at.") as unknown[];
  expect(first).toBe(second);
});

/** Each list holds the one before ten times: 10^n values in some bytes. */
const laughs = `]q\0K\x01a${Array.from({ length: 9 }, (_, i) => `](${`h${String.fromCharCode(i)}`.repeat(10)}eq${String.fromCharCode(i + 1)}`).join("")}.`;

const attack = (module: string, name: string): string => `c${module}\n${name}\n(U\x02idtR.`;

const hostile: [string, string, string][] = [
  ["a command", attack("os", "system"), `asks for Python's "os system"`],
  ["a command of POSIX", attack("posix", "system"), `asks for Python's "posix system"`],
  ["a command of Windows", attack("nt", "system"), `asks for Python's "nt system"`],
  ["a program", attack("subprocess", "Popen"), `asks for Python's "subprocess Popen"`],
  ["eval", attack("builtins", "eval"), `asks for Python's "builtins eval"`],
  ["eval of Python 2", attack("__builtin__", "eval"), `asks for Python's "__builtin__ eval"`],
  ["getattr", attack("builtins", "getattr"), `asks for Python's "builtins getattr"`],
  ["an import", attack("importlib", "import_module"), `asks for Python's "importlib import_module"`],
  ["PyTorch's loader", attack("torch", "load"), `asks for Python's "torch load"`],
  ["names of JavaScript", attack("constructor", "constructor"), `asks for Python's "constructor constructor"`],
  ["a part of what is allowed", attack("_codecs", "encode.__globals__"), "encode.__globals__"],
  ["a global from the stack", "\x8c\x02os\x8c\x06system\x93)R.", `asks for Python's "os system"`],
  ["a global that is no text", "K\x01K\x02\x93.", `asks for Python's 1 2`],
  [
    "a global called by nested lists",
    `${"]".repeat(50_000)}${"a".repeat(49_999)}K\x01\x93.`,
    "asks for Python's a list of 1 1",
  ],
  ["an object of a class", "\x8c\x02os\x8c\x06system\x93)\x81.", `asks for Python's "os system"`],
  ["a class of old", "(U\x02idios\nsystem\n.", `asks for Python's "os system"`],
  ["an object of old", "(cos\nsystem\nU\x02ido.", `asks for Python's "os system"`],
  ["a registered extension", "\x82\x01.", "its opcode 0x82 is none"],
  ["a buffer out of band", "\x97.", "its opcode 0x97 is none"],
  ["keyword arguments", "c_codecs\nencode\n)}\x92.", "it calls a function with keywords"],
  ["a call of a text", "U\x02id)R.", "it calls what is no function at byte 6"],
  ["a call with no tuple", "c_codecs\nencode\nK\x01R.", "it calls what is no function"],
  ["a call with nonsense", "c_codecs\nencode\n)R.", "it encodes what is no text as latin1"],
  ["a codec", "c_codecs\nencode\n(U\x01aU\x03hextR.", "it encodes what is no text as latin1"],
  ["a state of a list", "]K\x01b.", "it sets the state of what has none at byte 4"],
  ["a state of None", "NK\x01b.", "it sets the state of what has none"],
  ["a state of a function", "c_codecs\nencode\nK\x01b.", "it sets the state of what has none"],
  ["an ordered dictionary of nonsense", "ccollections\nOrderedDict\n(](K\x01etR.", "is made of no pairs"],
  ["a persistent object", "K\x01Q.", "it refers to data outside of itself"],
  ["a float that is a name of JavaScript", "Fconstructor\n(tR.", `"constructor" stands for a float`],
  ["an integer that is code", "I__import__('os')\n.", `"__import__('os')" stands for an integer`],
  ["an integer of a megabyte", `L${"9".repeat(2 ** 20)}L\n.`, "stands for an integer"],
  ["a long integer of a megabyte", `\x8b${u32(2 ** 20)}${"9".repeat(2 ** 20)}.`, "it has an integer of 1048576 bytes"],
  ["a string without quotes", "Sabc\n.", `"abc" stands for a string in quotes`],
  ["a string with a strange escape", "S'\\q'\n.", "a string has the escape"],
  ["a character beyond Unicode", "V\\Uffffffff\n.", "a text has the character 4294967295"],
  ["a text that is no UTF-8", "\x8c\x02\xc3\x28.", "a text before byte 4 is no UTF-8"],
  ["nothing", "", "it is cut off: at byte 0 it needs 1 more, and the file has 0"],
  ["no end", "](K\x01e", "it is cut off: at byte 5"],
  ["a number cut off", "J\0\0", "it is cut off: at byte 1 it needs 4 more, and the file has 2"],
  ["a line without an end", "I12", "it is cut off in the line at byte 1"],
  ["bytes beyond the file", `B${u32(2 ** 32 - 1)}abc.`, "at byte 5 it needs 4294967295 more, and the file has 4"],
  ["bytes beyond memory", `\x8e${u64(2n ** 64n - 1n)}abc.`, "it needs 18446744073709551615 more"],
  ["a text beyond memory", `\x8d${u64(2n ** 63n)}abc.`, "it needs 9223372036854775808 more"],
  ["a string beyond the file", `T${u32(2 ** 31)}abc.`, "it needs 2147483648 more"],
  ["an integer beyond the file", `\x8b${u32(2 ** 31)}abc.`, "it needs 2147483648 more"],
  ["a frame beyond the file", `\x95${u64(2n ** 40n)}.`, "it needs 1099511627776 more"],
  ["a protocol to come", "\x80\x06.", "it has a protocol later than 5"],
  ["no pickle", "hello", "it recalls the value 101"],
  ["JPEG", "\xff\xd8\xff", "its opcode 0xff is none"],
  ["an empty stack", ".", "a value is missing at byte 1"],
  ["values behind a mark", "K\x01(0.", "a value is missing at byte 4"],
  ["no mark", "e.", "a mark is missing at byte 1"],
  ["a key without value", "}(K\x01u.", "a key has no value"],
  ["items of a list", "]K\x01K\x02s.", "it sets items of what is no dictionary"],
  ["an element of a dictionary", "}K\x01a.", "it appends to what is no list"],
  ["a memory of nothing", "h\x01.", "it recalls the value 1, which it has not remembered"],
  ["a negative memo", "Np-1\n.", "it remembers a value as number -1"],
  ["a memo by a huge number", "Np99999999999999999999\n.", "it remembers a value as number 9999"],
  ["a list of itself", "]q\0h\0a.", "it contains itself"],
  ["a dictionary of itself", "}q\0K\x01h\0s.", "it contains itself"],
  ["a longer ring", "]q\0(](](h\0eee.", "it contains itself"],
  ["deep nesting", `${"]".repeat(101)}${"a".repeat(100)}.`, "it is nested more than 100 levels deep"],
  ["very deep nesting", `${"(".repeat(200_000)}${"t".repeat(200_000)}.`, "it is nested more than 100 levels deep"],
  ["a billion laughs", laughs, "it spells out to more than 10000000 values"],
  ["ever more dictionaries", "}".repeat(1_000_001), "it makes more than 1000000 lists and dictionaries"],
  ["ever more values", "N".repeat(10_000_001), "it has more than 10000000 opcodes"],
  [
    "one list given over and over",
    `ccollections\nOrderedDict\nq\0](${"K\x01K\x02\x86".repeat(1000)}e\x85q\x01${"h\0h\x01R0".repeat(20)}N.`,
    "it gives functions more items than it has bytes",
  ],
  [
    "bytes made over and over",
    `c_codecs\nencode\nq\0X${u32(5000)}${"x".repeat(5000)}X\x06\0\0\0latin1\x86q\x01${"h\0h\x01R".repeat(9)}.`,
    "it makes more bytes than it has",
  ],
];

test.each(hostile)("refuses %s", (_, pickle, message) => {
  let error: unknown;
  try {
    unpickle(bytes(pickle), { where: "evil.pkl", globals: plainGlobals });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).toContain("Expected a pickle of plain data in evil.pkl, but ");
});

test("every shorter form of a real pickle is refused", () => {
  const file = readFileSync("test/fixtures/pickles/protocol-2.pkl");
  for (let length = 0; length < file.length; length++) {
    expect(() => unpickle(file.subarray(0, length), { where: "a.pkl", globals }), `${length}`).toThrow("it is cut off");
  }
});

test("no bytes make anything but a value or a UserError", () => {
  const file = readFileSync("test/fixtures/pickles/protocol-4.pkl");
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(file);
    for (let i = 0; i < 1 + (round % 8); i++) damaged[random(file.length)] = random(256);
    try {
      unpickle(damaged, { where: "a.pkl", globals });
    } catch (error) {
      expect(error, (error as Error).stack).toBeInstanceOf(UserError);
    }
  }
});
