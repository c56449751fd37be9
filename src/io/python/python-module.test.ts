import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { readPythonModule } from "./python-module.js";

const read = (source: string) => readPythonModule(source, "config.py");
const evaluate = (expression: string) => read(`x = ${expression}`).get("x");
const map = (items: Record<string, unknown>) => new Map(Object.entries(items));

test.each<[string, unknown]>([
  ["1_000", 1000],
  ["0x10", 16],
  ["6e-5", 6e-5],
  [".5", 0.5],
  ["2**10", 1024],
  ["-2**2", -4],
  ["2**-1", 0.5],
  ["2**3**2", 512],
  ["3*32*32", 3072],
  ["7//2", 3],
  ["-7//2", -4],
  ["-7 % 3", 2],
  ["1 + 2*3 - 4/2", 5],
  ["(1 + 2)*3", 9],
  ["True", true],
  ["None", null],
  ["not 0", true],
  ["1 < 2 and 3 != 3", false],
  ["0 or 5", 5],
  ["2 in [1, 2]", true],
  ["3 not in (1, 2)", true],
  ["None is not None", false],
  ["5 if 0 else 6", 6],
  ["[1, 2][-1]", 2],
  ["[1]*3 + [2]", [1, 1, 1, 2]],
  ["1,", [1]],
  ["()", []],
  ["(1, (2, 3),)", [1, [2, 3]]],
  ["'a' \"b\"", "ab"],
  ["'it\\'s\\n'", "it's\n"],
  ["r'\\n'", "\\n"],
  ["'''two\nlines'''", "two\nlines"],
  [
    "{'a': 1, 2: [3]}",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, [3]],
    ]),
  ],
  ["dict(a=1, b=dict(c=2))", map({ a: 1, b: map({ c: 2 }) })],
  ["ml_collections.ConfigDict({'a': 1}).a", 1],
  ["len([1, 2]) + sum((1, 2)) + max(1, 5) + min([3, 4])", 13],
  ["int(7/2)", 3],
])("%s", (expression, value) => {
  expect(evaluate(expression)).toEqual(value);
});

test("a module of assignments, with names assigned before", () => {
  const source = `"""Documented."""
import os
from ml_collections import ConfigDict  # not run
width: int = 8
a = b = width * 2; c = \\
    a + 1
config = ConfigDict({})
config.model = {
    "width": width,  # a comment
}
config.model["levels"] = [1,
                          2]
config.model["levels"][0] += 5
width -= 1
`;
  expect(read(source)).toEqual(
    map({ width: 7, a: 16, b: 16, c: 17, config: map({ model: map({ width: 8, levels: [6, 2] }) }) }),
  );
});

test("what get_config() returns, which may call other functions of the file", () => {
  const source =
    "base = 4\ndef model():\n    return {'width': base}\n\ndef get_config() -> dict:\n    config = {}\n    config['model'] = model()\n    return ConfigDict(config)\n";
  expect(read(source)).toEqual(map({ model: map({ width: 4 }) }));
});

test.each<[string, string, string]>([
  ["a call", "import os\nos.system('x')", `a call of "system" at line 2, column 4`],
  ["a call of what is built in", "x = open('/etc/passwd')", `a call of "open" at line 1, column 5`],
  ["a method", "a = {}\nb = a.get('x')", `a call of "get" at line 2, column 7`],
  ["a loop", "for i in range(3):\n  pass", `"for" at line 1, column 1`],
  ["a condition", "if True:\n  a = 1", `"if" at line 1, column 1`],
  ["a class", "class A:\n  b = 1", `"class" at line 1, column 1`],
  ["a comprehension", "a = [i for i in x]", `"for" at line 1, column 8`],
  ["a lambda", "a = lambda: 1", `"lambda" at line 1, column 5`],
  ["a formatted text", "a = f'{x}'", "a text that begins with f' at line 1, column 5"],
  ["a name without a value", "a = 1\nb = a + c", `the name "c", which nothing was assigned to at line 2, column 9`],
  [
    "a function with parameters",
    "def get_config(size):\n  return 1",
    `a function with parameters ("get_config") at line 1`,
  ],
  ["arithmetic of a text", "a = 'x' * 3", "arithmetic of what is no number at line 1, column 9"],
  ["a power without end", "a = 9**9**9**9", "arithmetic (**) without a result"],
  ["a division by 0", "a = 1/0", "a division by 0"],
  ["a list without end", "a = [0]*10000*10000", "a list that is too long at line 1, column 14"],
  ["a number without end", `a = ${"9".repeat(400)}`, "which is too large"],
  ["an open bracket", "a = (1,\n", "the end of the file in an open bracket"],
  ["an open text", "a = 'x\n", "a text without its end at line 1, column 5"],
  ["a strange character", "a = $", 'the character "$" at line 1, column 5'],
  ["deep nesting", `a = ${"[".repeat(200)}${"]".repeat(200)}`, "nested more than 50 levels deep"],
  ["many signs", `a = ${"-".repeat(200)}1`, "more than 50 signs"],
  ["a function that calls itself", "def get_config():\n  return get_config()", "more than 100 calls"],
  ["a missing key", "a = {}\nb = a['c']", `"c", which the dictionary has not at line 2, column 6`],
  ["an indented line", "a = 1\n  b = 2", "a line that is indented at line 2, column 3"],
  ["half a statement", "a =", "the end of the line at line 1"],
  ["two values", "a = 1 2", `"2" at line 1, column 7`],
])("refuses %s with its place", (_, source, message) => {
  expect(() => read(source)).toThrow(UserError);
  expect(() => read(source)).toThrow(message);
});

test("no text makes anything but a value or a UserError", () => {
  const source =
    "def get_config():\n    a = {'b': [1, 2*3], 'c': (4,)}\n    a['b'][0] = len(a) if a else -1\n    return dict(x=a)\n";
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const characters = " \n()[]{}'\".,:=*+-/<>\\abc01#;";
  for (let round = 0; round < 2000; round++) {
    const damaged = [...source];
    for (let i = 0; i < 1 + (round % 5); i++) damaged[random(damaged.length)] = characters[random(characters.length)];
    try {
      read(damaged.join(""));
    } catch (error) {
      expect(error, `${damaged.join("")}\n${(error as Error).stack}`).toBeInstanceOf(UserError);
    }
  }
});
