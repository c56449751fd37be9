import { expect, test } from "vitest";
import { facts, table } from "./table.js";

test("columns are as wide as their widest cell, figures stand to the right", () => {
  const columns = [{ heading: "group" }, { heading: "rate", align: "right" as const }];
  expect(
    table(columns, [
      ["0", "1.5"],
      ["eleven", "10.25"],
    ]),
  ).toBe(["group    rate", "──────  ─────", "0         1.5", "eleven  10.25"].join("\n"));
});

test("names and values under one another", () => {
  expect(
    facts([
      ["node", "20"],
      ["threads", "2"],
    ]),
  ).toBe("node     20\nthreads  2");
});
