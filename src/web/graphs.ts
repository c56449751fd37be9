/** @file The graphs of an exported model, run by ONNX Runtime in the thread that calls. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { UserError } from "../errors.js";
import { widen } from "../io/tensors/float16.js";
import { downloadFile } from "./download.js";
import { type GraphName, WEIGHTS_NAME, type WebDevice, type WebFile, type WebManifest } from "./manifest.js";

type OnnxRuntime = Pick<typeof import("onnxruntime-web"), "env" | "InferenceSession" | "Tensor">;

/** Elements of an input or output with its shape. */
export interface GraphArray {
  data: Float32Array | Int32Array;
  shape: readonly number[];
}

/** How far the downloads are, bytes. */
type DownloadProgress = (done: number, total: number) => void;

interface OpenGraphsOptions {
  /** Where the manifest is. */
  manifestUrl: URL;
  manifest: WebManifest;
  /** The folder that `manifest.runtime` is relative to. */
  runtimeUrl: URL;
  device: WebDevice;
  threads: number;
  signal?: AbortSignal;
  onProgress?: DownloadProgress;
}

/** A model's graphs: downloaded at once, each made ready when it is first needed. */
export class Graphs {
  readonly #sessions = new Map<GraphName, Promise<InferenceSession>>();

  private constructor(
    readonly device: WebDevice,
    private readonly runtime: OnnxRuntime,
    private readonly graphs: ReadonlyMap<GraphName, Uint8Array>,
    private readonly weights: Uint8Array,
  ) {}

  /**
   * Downloads the runtime and the model.
   *
   * @throws UserError when a file is missing or damaged, or the runtime cannot be loaded; the signal's reason when aborted
   */
  static async open(options: OpenGraphsOptions): Promise<Graphs> {
    const { manifest, manifestUrl, runtimeUrl, device, threads, signal, onProgress } = options;
    const files = manifest.runtime[device];
    const graphs = Object.entries(manifest.graphs) as [GraphName, WebFile][];
    const wanted = [files.binary, manifest.weights, ...graphs.map(([, file]) => file)];
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    onProgress?.(done, total);
    const download = (file: WebFile, base: URL) =>
      downloadFile(new URL(file.path, base), file, {
        signal,
        onBytes: (bytes) => {
          done += bytes;
          onProgress?.(done, total);
        },
      });
    const [binary, weights, ...bytes] = await Promise.all([
      download(files.binary, runtimeUrl),
      download(manifest.weights, manifestUrl),
      ...graphs.map(([, file]) => download(file, manifestUrl)),
    ]);
    const runtime = await importRuntime(new URL(files.module.path, runtimeUrl));
    runtime.env.wasm.wasmPaths = { mjs: new URL(files.loader.path, runtimeUrl).href };
    runtime.env.wasm.wasmBinary = binary;
    runtime.env.wasm.numThreads = threads;
    runtime.env.logLevel = "error";
    const named = new Map(graphs.map(([name], index) => [name, bytes[index]]));
    return new Graphs(device, runtime, named, float32Bytes(weights, manifest.weights.dtype));
  }

  /** Makes a graph ready to run. */
  async prepare(name: GraphName): Promise<void> {
    await this.#session(name);
  }

  /** Runs a graph; its outputs by name, in float32. */
  async run(name: GraphName, inputs: Readonly<Record<string, GraphArray>>): Promise<Record<string, Float32Array>> {
    const session = await this.#session(name);
    const { Tensor } = this.runtime;
    const tensors = Object.entries(inputs).map(([input, { data, shape }]) => [
      input,
      data instanceof Int32Array ? new Tensor("int32", data, shape) : new Tensor("float32", data, shape),
    ]);
    const results = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
    return Object.fromEntries(Object.entries(results).map(([output, { data }]) => [output, data as Float32Array]));
  }

  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.then((each) => each.release())));
  }

  #session(name: GraphName): Promise<InferenceSession> {
    const known = this.#sessions.get(name);
    if (known) return known;
    const graph = this.graphs.get(name)!;
    const session = this.runtime.InferenceSession.create(graph, {
      executionProviders: [this.device],
      logSeverityLevel: 3, // errors: what it warns of is how it works
      externalData: [{ path: WEIGHTS_NAME, data: this.weights }],
    }).catch((error: Error) => {
      this.#sessions.delete(name);
      throw new UserError("environment", `This browser cannot run the model on ${this.device}: ${error.message}`);
    });
    this.#sessions.set(name, session);
    return session;
  }
}

async function importRuntime(url: URL): Promise<OnnxRuntime> {
  // No bundler is to look for it: it lies beside the model.
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ url.href).catch((error: Error) => {
    throw new UserError("network", `Cannot load ONNX Runtime from ${url}: ${error.message}`);
  })) as OnnxRuntime;
}

/** Weights as the graphs take them, float32 in bytes. */
function float32Bytes(bytes: Uint8Array<ArrayBuffer>, dtype: WebManifest["weights"]["dtype"]): Uint8Array {
  if (dtype === "float32") return bytes;
  return new Uint8Array(widen(new Uint16Array(bytes.buffer)).buffer);
}
