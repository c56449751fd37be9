/**
 * @file What stands for Python's classes, functions and objects that a pickle names and nobody here knows: the names, and what
 * was given to them. Nothing is ever made or called.
 */
import { shown } from "./pickle-text.js";

/** A class or function, by name. */
export class PythonName {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  /** As people write it: "argparse.Namespace". */
  get full(): string {
    return `${this.module}.${this.name}`;
  }
}

/** What calling a class or function would have made. */
export class PythonObject {
  /** What the object would hold beside its arguments, as Python's `__setstate__` or `__dict__` takes it. */
  state: unknown;
  /** Elements or pairs that were put into it, where it is a list or a dictionary of its own kind. */
  readonly items: unknown[] = [];

  constructor(
    readonly type: PythonName,
    readonly given: readonly unknown[],
  ) {}

  setState(state: unknown): void {
    this.state = state;
  }
}

/** Modules whose functions can run programs, open files or reach the network, or make functions that do. */
const SUSPICIOUS_MODULES = new Set(
  (
    "os posix nt posixpath ntpath sys subprocess _posixsubprocess commands popen2 pty platform shutil socket ssl select signal " +
    "builtins __builtin__ importlib imp _imp runpy pkgutil zipimport code codeop codecs compileall py_compile marshal " +
    "types ctypes _ctypes cffi pickle _pickle cPickle dill cloudpickle shelve operator _operator inspect gc atexit site " +
    "webbrowser http httplib urllib urllib2 urllib3 requests httpx aiohttp ftplib smtplib telnetlib xmlrpc socketserver " +
    "paramiko fabric asyncio multiprocessing threading _thread concurrent tempfile io _io fileinput glob pathlib2 " +
    "pip setuptools distutils ensurepip venv pydoc timeit trace cProfile profile bdb pdb doctest idlelib nturl2path " +
    "winreg _winapi msvcrt mmap resource crypt"
  ).split(" "),
);

/** Parts of those modules, and of others, that are classes of plain data. */
const HARMLESS = new Set(
  [
    ...["builtins", "__builtin__"].flatMap((module) =>
      "object list dict set frozenset tuple int long float bool str unicode complex bytes bytearray range xrange slice type Ellipsis NotImplemented"
        .split(" ")
        .map((name) => `${module} ${name}`),
    ),
    "types SimpleNamespace",
    "types NoneType",
    "types MappingProxyType",
    "operator itemgetter",
    "_operator itemgetter",
  ].map(String),
);

/** Functions that read or run further programs, in packages that are harmless otherwise. */
const SUSPICIOUS_NAMES =
  /^(torch(\.serialization|\.jit|\.hub|\.package)?\S* load\w*|numpy\S* (load|fromfile|memmap|runstring|exec_command)|torch\.hub \S+|torch\.utils\.cpp_extension \S+|joblib\S* \S*load\S*|pandas\S* read_\w+)$/;

/**
 * Whether what a pickle asks for is known to do harm where pickles are run: a program, a file, the network, or a way to any
 * other function. Nothing is run here either way; the user should not open such a file elsewhere.
 */
export function isSuspicious(module: string, name: string): boolean {
  const key = `${module} ${name}`;
  if (HARMLESS.has(key)) return false;
  return SUSPICIOUS_MODULES.has(module.split(".")[0]) || name.includes(".__") || SUSPICIOUS_NAMES.test(key);
}

/** Its class, or the name that it is, without what could disturb a terminal. */
export const nameOf = (value: PythonName | PythonObject): string =>
  shown((value instanceof PythonName ? value : value.type).full).slice(1, -1);

/** Whether it is a whole network of PyTorch, which is a tree of objects of its own classes. */
export const isModule = (value: unknown): value is PythonObject =>
  value instanceof PythonObject &&
  value.state instanceof Map &&
  value.state.has("_modules") &&
  value.state.has("_parameters");
