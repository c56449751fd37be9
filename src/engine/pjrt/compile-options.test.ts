import { expect, test } from "vitest";
import { compileOptionsProto } from "./compile-options.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("one device by default: executable_build_options { num_replicas: 1 num_partitions: 1 }", () => {
  expect(hex(compileOptionsProto({}))).toBe("1a0420012801");
});

test("replicas, partitions and XLA's options, each with its type", () => {
  expect(hex(compileOptionsProto({ replicas: 2, partitions: 300, spmd: true }))).toBe("1a07200228ac023001");
  const entry = (value: string) => `3a${byte(5 + value.length / 2)}0a0161${"12"}${byte(value.length / 2)}${value}`;
  const byte = (number: number) => number.toString(16).padStart(2, "0");
  for (const [value, bytes] of [
    ["xy", "0a027879"],
    [true, "1001"],
    [false, "1000"],
    [3, "1803"],
    [-1, "18ffffffffffffffffff01"],
    [0.5, "21000000000000e03f"],
    [{ float: 1 }, "21000000000000f03f"],
  ] as const) {
    expect(hex(compileOptionsProto({ overrides: { a: value } })), String(value)).toBe(`1a0420012801${entry(bytes)}`);
  }
});
