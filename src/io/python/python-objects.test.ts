import { expect, test } from "vitest";
import { unpickle } from "./pickle.js";
import { isSuspicious, PythonName, PythonObject } from "./python-objects.js";

const suspicious = [
  ...[
    "os system",
    "posix system",
    "nt system",
    "subprocess Popen",
    "builtins eval",
    "__builtin__ exec",
    "builtins getattr",
  ],
  ...[
    "importlib import_module",
    "runpy run_path",
    "types FunctionType",
    "ctypes CDLL",
    "socket socket",
    "shutil rmtree",
  ],
  ...["cloudpickle.cloudpickle _make_function", "dill._dill _create_code", "operator methodcaller", "torch load"],
  ...["torch.hub load", "torch.jit load", "numpy load", "urllib.request urlopen", "package Class.__init__.__globals__"],
];
const harmless = [
  ...[
    "argparse Namespace",
    "pathlib PosixPath",
    "datetime datetime",
    "functools partial",
    "collections deque",
    "torch Size",
  ],
  ...[
    "torch device",
    "torch float32",
    "builtins set",
    "__builtin__ complex",
    "builtins list",
    "numpy dtype",
    "numpy.dtypes Float32DType",
  ],
  ...[
    "omegaconf.dictconfig DictConfig",
    "__main__ Config",
    "models.vae Outer.Inner",
    "types SimpleNamespace",
    "copyreg _reconstructor",
  ],
];
const split = (name: string) => name.split(" ") as [string, string];

test.each(suspicious)("%s could do harm where pickles are run", (name) => {
  expect(isSuspicious(...split(name))).toBe(true);
});

test.each(harmless)("%s is plain data", (name) => {
  expect(isSuspicious(...split(name))).toBe(false);
});

const load = (pickle: string) => unpickle(Buffer.from(pickle, "latin1"), { where: "a.pkl", holdObjects: true }).value;
const space = new PythonName("argparse", "Namespace");
const made = (given: unknown[], state?: unknown, items: unknown[] = []) => {
  const object = new PythonObject(space, given);
  object.setState(state);
  object.items.push(...items);
  return object;
};

test.each<[string, string, unknown]>([
  ["a name", "cargparse\nNamespace\n.", space],
  ["a call", "cargparse\nNamespace\n(K\x01tR.", made([1])],
  ["an object and its state", "cargparse\nNamespace\n)\x81}(U\x01aK\x01ub.", made([], new Map([["a", 1]]))],
  ["an object with keywords", "cargparse\nNamespace\n)}U\x01aK\x01s\x92.", made([new Map([["a", 1]])])],
  [
    "a list and a dictionary of its own kind",
    "cargparse\nNamespace\n)\x81K\x01a(U\x01kK\x02u.",
    made([], undefined, [1, "k", 2]),
  ],
  ["classes of Python 2", "(K\x01iargparse\nNamespace\n.", made([1])],
  ["the same from the stack", "(cargparse\nNamespace\nK\x01o.", made([1])],
  [
    "what protocol 0 makes of objects",
    "ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR.",
    made([new PythonName("__builtin__", "object"), null]),
  ],
  ["sets", "(\x8f(K\x01K\x02\x90(K\x03\x91t.", [[1, 2], [3]]],
])("holds %s", (_, pickle, value) => {
  expect(load(pickle)).toEqual(value);
});

test("an object may refer to what holds it, as configurations do to their parents", () => {
  const found = load("cargparse\nNamespace\n)\x81q\0}(U\x01ph\0ub.") as PythonObject;
  expect((found.state as Map<string, unknown>).get("p")).toBe(found);
});

test("what is not held is refused calmly, what could do harm with a warning", () => {
  const strict = (pickle: string) => () => unpickle(Buffer.from(pickle, "latin1"), { where: "a.pkl" });
  expect(strict("cargparse\nNamespace\n.")).toThrow(
    `Expected a pickle of plain data in a.pkl, but it asks for Python's "argparse Namespace", which is not among the plain data that are read here.`,
  );
  expect(() => load("cos\nsystem\n.")).toThrow("other programs may run it, so do not open it");
});
