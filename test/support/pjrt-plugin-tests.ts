/** @file The tests of the binding on one real plugin, a CPU's, in a process of its own: two copies of XLA in one crash it. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { loadPlugin } from "../../src/engine/pjrt/api.js";
import { Client } from "../../src/engine/pjrt/client.js";
import type { NamedValues } from "../../src/engine/pjrt/named-values.js";
import type { TestPlugin } from "./pjrt.js";

/** A program of the type f32[4] → f32[4]. */
const program = (body: string, attributes = "") =>
  `module @m { func.func public @main(%a: tensor<4xf32>${attributes}) -> tensor<4xf32> { ${body} return %0 : tensor<4xf32> } }`;
const DOUBLE = "%0 = stablehlo.add %a, %a : tensor<4xf32>";
const double = program(DOUBLE);
const doubleInPlace = program(DOUBLE, " {tf.aliasing_output = 0 : i32}");
const sumOverReplicas = program(`
  %0 = "stablehlo.all_reduce"(%a) ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %s = stablehlo.add %l, %r : tensor<f32>
      "stablehlo.return"(%s) : (tensor<f32>) -> ()
  }) {replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>}
    : (tensor<4xf32>) -> tensor<4xf32>`);

const four = { dtype: "float32", shape: [4] } as const;
const ones = () => Float32Array.of(1, 2, 3, 4);

/** Declares the tests; without a path they are named and skipped. */
export function testPlugin({ name, path }: TestPlugin): void {
  describe(`PJRT plugin ${name}`, () => {
    const clients: Client[] = [];
    const open = (options: NamedValues = { cpu_device_count: 1 }) => {
      const client = new Client(loadPlugin(path!), options);
      clients.push(client);
      return client;
    };
    afterEach(() => {
      for (const client of clients.splice(0)) client.dispose();
    });
    const onPlugin = test.skipIf(path === undefined);

    onPlugin("tells its devices, and that a CPU's memory is not counted", () => {
      const client = open({ cpu_device_count: 2 });
      expect(client.platform).toBe("cpu");
      expect(client.devices.map(({ id, kind }) => [id, kind])).toEqual([
        [0, "cpu"],
        [1, "cpu"],
      ]);
      expect(client.devices[1].description).toContain("1");
      expect(client.memory(client.devices[0])).toBeUndefined();
    });

    onPlugin("runs a program, whose inputs stay", () => {
      const client = open();
      const double_ = client.compile(double);
      const input = client.upload(ones(), four);
      const { outputs, completion } = double_.execute([[input]]);
      completion.wait();
      expect(outputs).toHaveLength(1);
      expect(outputs[0]).toHaveLength(1);
      expect([...outputs[0][0].read(new Float32Array(4))]).toEqual([2, 4, 6, 8]);
      expect([...input.read(new Float32Array(4))]).toEqual([1, 2, 3, 4]);
      expect(input.size).toBe(16);
      expect(double_.program.memory).toMatchObject({ arguments: 16, outputs: 16, alias: 0, temporary: 0 });
    });

    onPlugin("reads arrays of every type, and of any number of axes, in row-major order", () => {
      const client = open();
      const arrays = [
        { dtype: "float32", shape: [], elements: Float32Array.of(1.5) },
        { dtype: "float32", shape: [0, 3], elements: new Float32Array() },
        { dtype: "float64", shape: [1, 2], elements: Float64Array.of(0.1, Math.PI) },
        { dtype: "int32", shape: [2, 1, 2], elements: Int32Array.of(-1, 2 ** 31 - 1, 0, -(2 ** 31)) },
        { dtype: "bool", shape: [3], elements: Uint8Array.of(1, 0, 1) },
        { dtype: "bfloat16", shape: [2], elements: Uint16Array.of(0x3f80, 0xff80) },
      ] as const;
      for (const { dtype, shape, elements } of arrays) {
        const read = client.upload(elements, { dtype, shape }).read(elements.slice().fill(0));
        expect(read, dtype).toEqual(elements);
      }
      const transpose = client.compile(
        "module @m { func.func public @main(%a: tensor<2x3xf32>) -> tensor<3x2xf32> { " +
          "%0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32> return %0 : tensor<3x2xf32> } }",
      );
      const matrix = client.upload(Float32Array.of(1, 2, 3, 4, 5, 6), { dtype: "float32", shape: [2, 3] });
      const [[transposed]] = transpose.execute([[matrix]]).outputs;
      expect([...transposed.read(new Float32Array(6))]).toEqual([1, 4, 2, 5, 3, 6]);
      expect(() => transposed.read(new Float32Array(7))).toThrow("Expected 24 bytes to read an array into, got 28");
    });

    onPlugin(
      "elements may change once they are uploaded, and programs run in the order in which they were queued",
      () => {
        const client = open();
        const length = 1 << 20;
        const array = { dtype: "float32", shape: [length] } as const;
        const long = client.compile(double.replaceAll("<4x", `<${length}x`));
        const elements = new Float32Array(length).fill(1);
        let value = client.upload(elements, array);
        elements.fill(0);
        for (let step = 0; step < 10; step++) {
          const { outputs, completion } = long.execute([[value]]);
          completion.dispose();
          value.dispose(); // in use, and kept until then
          value = outputs[0][0];
        }
        expect(new Set(value.read(elements))).toEqual(new Set([1024]));
      },
    );

    onPlugin("a donated input is gone, unless it is to be kept", () => {
      const client = open();
      const inPlace = client.compile(doubleInPlace);
      expect(inPlace.program.memory.alias).toBe(16);
      const input = client.upload(ones(), four);
      const [[kept]] = inPlace.execute([[input]], [0]).outputs;
      expect(input.deleted).toBe(false);
      expect([...kept.read(new Float32Array(4))]).toEqual([2, 4, 6, 8]);
      const [[output]] = inPlace.execute([[input]]).outputs;
      expect(input.deleted).toBe(true);
      expect([...output.read(new Float32Array(4))]).toEqual([2, 4, 6, 8]);
      expect(() => input.read(new Float32Array(4))).toThrow(/deleted|donated/);
      expect(() => inPlace.execute([[input]])).toThrow(/deleted|donated/);
      input.dispose();
      input.dispose();
      expect(() => input.deleted).toThrow("This array has been disposed.");
    });

    onPlugin("two devices add up", () => {
      const client = open({ cpu_device_count: 2 });
      const sum = client.compile(sumOverReplicas, { replicas: 2 });
      const inputs = client.devices.map((device, index) => [
        client.upload(Float32Array.of(1, 2, 3, 4 + 10 * index), four, device),
      ]);
      const { outputs, completion } = sum.execute(inputs);
      completion.wait();
      completion.wait();
      expect(outputs.map(([output]) => [...output.read(new Float32Array(4))])).toEqual([
        [2, 4, 6, 18],
        [2, 4, 6, 18],
      ]);
    });

    onPlugin("a program can be serialised, loaded and looked into", () => {
      const { program: compiled } = open().compile(double);
      const bytes = compiled.serialize();
      const { format, code } = compiled.optimized();
      expect(format).toBe("hlo_with_config");
      expect(new TextDecoder("latin1").decode(code)).toContain("add");
      const client = open();
      const loaded = client.deserialize(bytes);
      const [[output]] = loaded.execute([[client.upload(ones(), four)]]).outputs;
      expect([...output.read(new Float32Array(4))]).toEqual([2, 4, 6, 8]);
      expect(() => client.deserialize(bytes.subarray(0, 40))).toThrow();
    });

    onPlugin("what is wrong with a program or its inputs is an error", () => {
      const client = open();
      // as long as memory is given out, so that behind the text other things begin, which are none of it
      const broken = "module @m { func";
      for (let time = 0; time < 100; time++) {
        expect(() => client.compile(broken)).toThrow(/StableHLO|expected|unknown/);
      }
      expect(() => client.compile(double, { overrides: { xla_no_such_option: 1 } })).toThrow("xla_no_such_option");
      const double_ = client.compile(double, {
        overrides: { xla_backend_optimization_level: 0, xla_cpu_enable_fast_math: false },
      });
      expect(() => double_.execute([[]])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
      const three = client.upload(Float32Array.of(1, 2, 3), { dtype: "float32", shape: [3] });
      expect(() => double_.execute([[three]])).toThrow(/size 16 \(f32\[4\]/);
    });

    onPlugin("a client takes all that it made with it", () => {
      const client = open();
      const double_ = client.compile(double);
      const input = client.upload(ones(), four);
      const { outputs } = double_.execute([[input]]);
      client.dispose();
      client.dispose();
      for (const use of [
        () => client.compile(double),
        () => client.memory(client.devices[0]),
        () => double_.execute([[]]),
        () => double_.program.memory,
        () => input.read(new Float32Array(4)),
        () => outputs[0][0].size,
      ]) {
        expect(use).toThrow(/^This .* has been disposed\.$/);
      }
    });

    onPlugin("300 clients, one after the other, leave nothing", () => {
      const api = loadPlugin(path!);
      const grownBy = (clients: number) => {
        const before = process.memoryUsage.rss();
        for (let index = 0; index < clients; index++) {
          const client = new Client(api, { cpu_device_count: 1 });
          client.upload(ones(), four);
          client.dispose();
        }
        return process.memoryUsage.rss() - before;
      };
      grownBy(50);
      expect(grownBy(250)).toBeLessThan(250 * 50_000); // bytes
    });

    onPlugin("threads compute at once and in turn, and the process ends as it should, without a word", () => {
      const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
      const program = fileURLToPath(new URL("pjrt-process.ts", import.meta.url));
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--import", tsx, program, path!], {
        encoding: "utf8",
      });
      const twice = "2,4,6,8";
      expect({ status, signal, stdout, stderr }).toEqual({
        status: 7,
        signal: null,
        stdout: Array(4).fill(twice).join(" "),
        stderr: "",
      });
    });
  });
}
