import { expect, test } from "vitest";
import { parseCsv } from "./csv.js";

const refuse = (problem: string): never => {
  throw new Error(problem);
};

test.each<[text: string, rows: string[][]]>([
  [
    "a,b\n1,2\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "a;b\r\n1,5;2\r\n\r\n",
    [
      ["a", "b"],
      ["1,5", "2"],
    ],
  ],
  [
    "a\tb\n1\t\n",
    [
      ["a", "b"],
      ["1", ""],
    ],
  ],
  [
    "1.png 0\n2.png   1",
    [
      ["1.png", "0"],
      ["2.png", "1"],
    ],
  ],
  [
    'a,b\n"x, ""y""\nz",2',
    [
      ["a", "b"],
      ['x, "y"\nz', "2"],
    ],
  ],
  [
    "a,b\r1,2",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  ["", []],
])("%j", (text, rows) => {
  expect(parseCsv(text, refuse)).toEqual(rows);
});

test.each([
  ['a,b\n"x,2\n', "its row 2 has a quote that does not end"],
  ['a,b\n"x"y,2\n', "its row 2 has text behind a quoted cell"],
])("%j is refused", (text, problem) => {
  expect(() => parseCsv(text, refuse)).toThrow(problem);
});
