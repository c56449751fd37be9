import { expect, test } from "vitest";
import { fittedLine, wholeLine } from "./status-line.js";

const status = {
  parts: ["30 %", { text: "step 5 of 90", short: "5/90" }, undefined, { text: "64.0 images/s", short: "64/s" }],
  importance: [1, 2, 3, 0],
};

test("all parts stand in their order, those that are missing left out", () => {
  expect(wholeLine(status)).toBe("30 %  step 5 of 90  64.0 images/s");
  expect(wholeLine("listing …")).toBe("listing …");
});

test.each([
  [33, "30 %  step 5 of 90  64.0 images/s"],
  [32, "30 %  5/90  64/s"],
  [16, "30 %  5/90  64/s"],
  [15, "5/90  64/s"],
  [9, "5/90"],
  [3, "5/…"],
  [1, "…"],
  [0, ""],
])("in %i columns: %s", (columns, line) => {
  expect(fittedLine(status, columns)).toBe(line);
});

test("a part in its short form gives way to a whole line of fewer parts only when it does not fit either", () => {
  const parts = [{ text: "step 5 of 90", short: "5/90" }, "10 s left"];
  expect(fittedLine({ parts }, 15)).toBe("5/90  10 s left");
  expect(fittedLine({ parts }, 14)).toBe("step 5 of 90");
});

test("wide characters and emoji take two cells, and are not cut in two", () => {
  expect(fittedLine("写真.zip: 5", 11)).toBe("写真.zip: 5");
  expect(fittedLine("写真.zip: 5", 10)).toBe("写真.zip:…");
  expect(fittedLine("写真.zip: 5", 4)).toBe("写…");
  expect(fittedLine("👩‍👩‍👧.png", 6)).toBe("👩‍👩‍👧.png");
  expect(fittedLine("👩‍👩‍👧.png", 3)).toBe("👩‍👩‍👧…");
  expect(fittedLine("e\u0301te\u0301", 3)).toBe("e\u0301te\u0301");
});

test("a name with line breaks or commands to the terminal stays on the line", () => {
  expect(wholeLine("a\nb\u001b[2Jc")).toBe("a\u{fffd}b\u{fffd}[2Jc");
});
