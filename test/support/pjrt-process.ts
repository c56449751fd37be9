/**
 * @file A process that computes with a PJRT plugin in threads, at once and in turn, and then itself; and ends with code
 * 7, disposing of nothing, while the device is at work: node --import tsx pjrt-process.ts PLUGIN
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadPlugin } from "../../src/engine/pjrt/api.js";
import { Client } from "../../src/engine/pjrt/client.js";

const DOUBLE = `module @m { func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.add %a, %a : tensor<4xf32> return %0 : tensor<4xf32> } }`;

const SQUARE = `module @m { func.func public @main(%a: tensor<1500x1500xf32>) -> tensor<1500x1500xf32> {
  %0 = stablehlo.dot_general %a, %a, contracting_dims = [1] x [0]
    : (tensor<1500x1500xf32>, tensor<1500x1500xf32>) -> tensor<1500x1500xf32>
  return %0 : tensor<1500x1500xf32> } }`;

/** Twice 1, 2, 3, 4, computed by a client that is left to itself. */
function compute(plugin: string): string {
  const client = new Client(loadPlugin(plugin), { cpu_device_count: 1 });
  const input = client.upload(Float32Array.of(1, 2, 3, 4), { dtype: "float32", shape: [4] });
  const [[output]] = client.compile(DOUBLE).execute([[input]]).outputs;
  return output.read(new Float32Array(4)).join();
}

/** The same, in a thread that ends then. */
const computeInThread = (plugin: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const start = `import("tsx/esm/api").then(({ register }) => { register(); return import("${import.meta.url}"); });`;
    const thread = new Worker(start, { eval: true, workerData: plugin });
    let answer = "";
    thread.on("message", (message: string) => (answer = message));
    thread.on("error", reject);
    thread.on("exit", () => resolve(answer));
  });

/** Sets a device to work for a while. */
function begin(plugin: string): void {
  const client = new Client(loadPlugin(plugin), { cpu_device_count: 1 });
  const matrix = client.upload(new Float32Array(1500 ** 2), { dtype: "float32", shape: [1500, 1500] });
  client.compile(SQUARE).execute([[matrix]]);
}

if (isMainThread) {
  const plugin = process.argv[2];
  const atOnce = await Promise.all([computeInThread(plugin), computeInThread(plugin)]);
  process.stdout.write([...atOnce, await computeInThread(plugin), compute(plugin)].join(" "));
  begin(plugin);
  process.exit(7);
} else {
  parentPort!.postMessage(compute(workerData as string));
}
