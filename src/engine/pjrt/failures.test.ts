/** @file The binding on a mock plugin that fails on demand: what real ones do not do when asked. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasCompiler, mockPlugin } from "../../../test/support/pjrt.js";
import { type Api, loadPlugin } from "./api.js";
import { Client } from "./client.js";
import { PjrtError, PluginError } from "./errors.js";
import { Topology } from "./topology.js";

/** What `action` throws. */
function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Expected a failure");
}

/** Numbers of objects that a mock has handed out and not got back, and of events that were awaited. */
function countsOf(api: Api): { alive: number; awaited: number } {
  const client = new Client(api);
  client.dispose();
  const [alive, awaited] = client.platformVersion.match(/\d+/g)!.map(Number);
  return { alive: alive - 1, awaited }; // without itself
}

const aliveIn = (api: Api) => countsOf(api).alive;

const faultOf = (path: string) => (failureOf(() => loadPlugin(path)) as PluginError).fault;

test("a file that is not there, or no library, is refused in the system's words", () => {
  expect(faultOf("/no/such/plugin.so")).toEqual({
    kind: "not-loadable",
    reason: expect.stringContaining("/no/such/plugin.so"),
  });
  const text = join(tmpdir(), `strata-no-library-${process.pid}.so`);
  writeFileSync(text, "not a library, but long enough to have a header of one".repeat(10));
  expect(faultOf(text)).toEqual({ kind: "not-loadable", reason: expect.stringContaining(text) });
});

describe.skipIf(!hasCompiler)("with a mock plugin, which takes a C compiler", () => {
  test("libraries that are no plugins, and versions that the binding does not speak, are refused", () => {
    expect(faultOf(mockPlugin({ SYMBOL: "GetAnotherApi" }))).toEqual({ kind: "no-plugin" });
    expect(faultOf(mockPlugin({ API: "0" }))).toEqual({ kind: "no-plugin" });
    expect(faultOf(mockPlugin({ BYTES: "24" }))).toEqual({ kind: "no-plugin" });
    expect(faultOf(mockPlugin({ BYTES: "0x7fffffff0000" }))).toEqual({ kind: "no-plugin" });
    expect(faultOf(mockPlugin({ MINOR: "80" }))).toEqual({ kind: "version", major: 0, minor: 80 });
    expect(faultOf(mockPlugin({ MAJOR: "1", MINOR: "3" }))).toEqual({ kind: "version", major: 1, minor: 3 });
    expect(faultOf(mockPlugin({ MINOR: "-1" }))).toEqual({ kind: "no-plugin" });
  });

  test("a device tells its memory, as far as its plugin knows", () => {
    const client = new Client(loadPlugin(mockPlugin()));
    const [limited, unlimited, failing] = client.devices;
    expect(limited).toMatchObject({ id: 0, kind: "mock", description: "mock" });
    expect(client.memory(limited)).toEqual({ inUse: 5, limit: 100 });
    expect(client.memory(unlimited)).toEqual({ inUse: 5, limit: undefined });
    expect(() => client.memory(failing)).toThrow(PjrtError);
    client.dispose();
  });

  test("what a plugin's table is too short for, or leaves out, is an error by its name", () => {
    const short = mockPlugin({ BYTES: "480" }); // ends before Execute
    const client = new Client(loadPlugin(short));
    const program = client.compile("any");
    expect(failureOf(() => program.execute([[]]))).toEqual(
      new PluginError(short, { kind: "missing-entry", entry: "PJRT_LoadedExecutable_Execute" }),
    );
    client.dispose();
    const mock = mockPlugin();
    const whole = new Client(loadPlugin(mock));
    expect(failureOf(() => whole.deserialize(new Uint8Array()))).toEqual(
      new PluginError(mock, { kind: "missing-entry", entry: "PJRT_Executable_DeserializeAndLoad" }),
    );
    whole.dispose();
  });

  test("errors of every code have its name, the plugin's words and the function", () => {
    const api = loadPlugin(mockPlugin());
    const codes = Array.from({ length: 18 }, (_, code) => code).slice(1);
    const errors = codes.map((fail) => failureOf(() => new Client(api, { fail }))) as PjrtError[];
    expect(errors.map(({ code }) => code)).toEqual([
      ...["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"],
      ...["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"],
      ...["INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED", "UNKNOWN"],
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(PjrtError);
      expect(error).toMatchObject({ message: "the mock fails", entry: "PJRT_Client_Create" });
    }
    expect(aliveIn(api)).toBe(0);
  });

  test("what fails on the device is thrown by whoever waits or reads, and leaves nothing", () => {
    const api = loadPlugin(mockPlugin());
    const client = new Client(api);
    const failing = client.compile("fails on the device");
    const internal = expect.objectContaining({ code: "INTERNAL", entry: "PJRT_Event_Await" });

    const { outputs, completion } = failing.execute([[], []]); // two devices
    expect(() => completion.wait()).toThrow(internal);
    completion.wait(); // once is enough
    for (const [output] of outputs) {
      expect(() => output.read(new Float32Array(1))).toThrow(internal);
      expect(() => output.read(new Float32Array(1))).toThrow(internal);
      output.dispose();
    }

    const unwaited = failing.execute([[]]);
    unwaited.completion.dispose();
    expect(() => unwaited.outputs[0][0].read(new Float32Array(1))).toThrow(internal);
    failing.execute([[]]); // and forgotten

    client.dispose();
    expect(aliveIn(api)).toBe(0);
  });

  test("only those who wait or read wait", () => {
    const api = loadPlugin(mockPlugin());
    const client = new Client(api);
    const program = client.compile("any");
    client.upload(new Float32Array(1), { dtype: "float32", shape: [1] }, client.devices[1]).dispose();
    const { awaited } = countsOf(api);
    const first = program.execute([[]]);
    const second = program.execute([first.outputs[0]]);
    second.completion.dispose();
    expect(countsOf(api).awaited).toBe(awaited);
    second.outputs[0][0].read(new Float32Array(1));
    expect(countsOf(api).awaited).toBe(awaited + 1);
    first.completion.wait();
    first.completion.wait();
    expect(countsOf(api).awaited).toBe(awaited + 2);
    client.dispose();
    expect(aliveIn(api)).toBe(0);
  });

  test("what fails at once makes nothing", () => {
    const api = loadPlugin(mockPlugin());
    const client = new Client(api);
    expect(() => client.compile("fails to compile")).toThrow(PjrtError);
    const exhausted = expect.objectContaining({ code: "RESOURCE_EXHAUSTED" });
    const failing = client.compile("fails to start");
    expect(() => failing.execute([[], []])).toThrow(exhausted);
    failing.dispose();
    client.dispose();
    expect(aliveIn(api)).toBe(0);
  });

  test("a program compiled for devices that are not here tells its memory", () => {
    const api = loadPlugin(mockPlugin());
    const topology = new Topology(api, "", { target_config: "a device", topology: "1x1x2" });
    expect(() => topology.compile("fails to compile")).toThrow(PjrtError);
    const compiled = topology.compile("any", { replicas: 2 });
    expect(compiled.outputs).toBe(1);
    expect(compiled.memory).toEqual({ code: 3, arguments: 4, outputs: 5, alias: 6, temporary: 7, peak: 13 });
    topology.dispose();
    topology.dispose();
    expect(() => topology.compile("any")).toThrow("This topology has been disposed.");
    expect(() => compiled.memory).toThrow("This compiled program has been disposed.");
    expect(aliveIn(api)).toBe(0);
  });
});
