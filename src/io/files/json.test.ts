import { expect, test } from "vitest";
import { parseJson } from "./json.js";

const parsed = (text: string, encoding: BufferEncoding = "utf8") =>
  parseJson(Buffer.from(text, encoding), (problem) => {
    throw new Error(problem);
  });

test("JSON is read in the encodings that editors save", () => {
  const value = { name: "été", sizes: [1, 2.5e-3, -7, true, null, {}, []], text: 'a "b" \\ \u0085' };
  const text = JSON.stringify(value, null, 2);
  for (const encoding of ["utf8", "utf16le"] as const) {
    expect(parsed(text, encoding)).toEqual(value);
    expect(parsed(`\ufeff${text}`, encoding)).toEqual(value);
  }
});

test.each([
  ["", "line 1, column 1: expected a value, but it ends there"],
  ["\ufeff\ufeff{}", "line 1, column 1: expected a value, got U+FEFF"],
  ['{"a":\u00a01}', "line 1, column 6: expected a value, got U+00A0"],
  ['{"a": 1,}', "line 1, column 9: expected a name in double quotes, got }"],
  ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected a comma or }, got "'],
  ["[1 2]", "line 1, column 4: expected a comma or ], got 2"],
  ["{'a': 1}", "line 1, column 2: expected a name or }, got '"],
  ['{"a": “b”}', "line 1, column 7: expected a value, got “"],
  ['{"a": True}', "line 1, column 7: expected a value, got True"],
  ['{"a": -NaN}', "line 1, column 7: expected a value, got -NaN"],
  ['{"a": 01}', "line 1, column 7: expected a value, got 01"],
  ['{"a" 1}', "line 1, column 6: expected a colon, got 1"],
  ['{\r\n  // why\r\n  "a": 1\r\n}', "line 2, column 3: expected a name or }, got /"],
  ['{"a": "two\nlines"}', "line 1, column 7: the string is not closed on its line"],
  ['{"path": "C:\\data"}', "line 1, column 10: the string is not closed on its line, or has an escape"],
  ['{"a": [1, {"b": 2}', "line 1, column 19: expected a comma or ], but it ends there"],
  ['{"a": 1]', "line 1, column 8: expected a comma or }, got ]"],
  ["{}\n{}", "line 2, column 1: expected the end, got {"],
  ['{"a": 1}\0', "line 1, column 9: expected the end, got U+0000"],
])("%j is refused with its place", (text, message) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(() => parsed(text)).toThrow(message);
});

test("bytes that are no text are named as such", () => {
  expect(() => parsed('{"a": "\xfc"}', "latin1")).toThrow("its byte 7 (line 1, column 8) is 0xfc, which is not UTF-8");
});
