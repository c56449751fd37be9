/** @file The thread that computes for a page: downloads a model, and does one piece of work after another. */
import { UserError } from "../errors.js";
import { downloadManifest } from "./download.js";
import { draw, encode, labelsOf } from "./drawing.js";
import { Graphs } from "./graphs.js";
import { type GraphName, parseWebManifest, type WebDevice, type WebModelInfo } from "./manifest.js";
import { type FromWorker, type Opened, type OpenRequest, sentError, type ToWorker, type Work } from "./protocol.js";

/** What of the browser's global scope is used here: TypeScript's own declarations are those of pages. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  navigator: { gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> } };
};

let opened: { graphs: Graphs; info: WebModelInfo } | undefined;

const aborts = new Map<number, AbortController>();
let last: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if (data.kind === "abort") {
    aborts.get(data.id)?.abort();
    return;
  }
  const abort = new AbortController();
  aborts.set(data.id, abort);
  last = last.then(async () => {
    try {
      await nextTask();
      abort.signal.throwIfAborted();
      await run(data, abort.signal);
    } catch (error) {
      scope.postMessage({ id: data.id, error: sentError(error) });
    } finally {
      aborts.delete(data.id);
    }
  });
};

/** Does one piece of work, and answers. */
async function run(work: Exclude<ToWorker, { kind: "abort" }>, signal: AbortSignal): Promise<void> {
  const { id } = work;
  const answer = (result: Work[keyof Work]["result"], transfer?: Transferable[]) =>
    scope.postMessage({ id, result }, transfer);
  const between = async () => {
    await nextTask(); // what came in meanwhile may abort this
    signal.throwIfAborted();
  };
  if (work.kind === "open") {
    answer(await open(work.request, signal, (done, total) => scope.postMessage({ id, told: { done, total } })));
    return;
  }
  if (!opened) throw new Error("expected a model that is open");
  const { graphs, info } = opened;
  if (work.kind === "prepare") {
    await graphs.prepare(work.request.graph);
    answer(undefined);
  } else if (work.kind === "draw") {
    for await (const part of draw(graphs, info, work.request)) {
      scope.postMessage({ id, told: part }, [part.images.buffer, ...(part.values ? [part.values.buffer] : [])]);
      await between();
    }
    answer({ labels: labelsOf(info, work.request) });
  } else {
    const encoded = await encode(graphs, info, work.request, between);
    answer(encoded, [encoded.rateNats.buffer, ...encoded.latents.map(({ buffer }) => buffer as ArrayBuffer)]);
  }
}

/** Gives messages that have arrived their turn. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

async function open(
  { url, runtimeUrl, pageOrigin, device: wanted, threads }: OpenRequest,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<Opened> {
  const manifestUrl = new URL(url);
  if (runtimeUrl === undefined && manifestUrl.origin !== pageOrigin) {
    throw new UserError(
      "environment",
      `The model at ${manifestUrl.href} is of another origin than this page, ${pageOrigin}, and its copy of ONNX Runtime is code that is not run.`,
      { advice: "Say where to load the runtime from: `runtime`." },
    );
  }
  const manifest = parseWebManifest(await downloadManifest(manifestUrl, { signal }), manifestUrl.href);
  const notes: string[] = [];
  const openOn = async (device: WebDevice) => {
    const graphs = await Graphs.open({
      ...{ manifest, manifestUrl, device, threads, signal, onProgress },
      runtimeUrl: new URL(runtimeUrl ?? url),
    });
    await graphs.prepare("sampler");
    return graphs;
  };
  const device = await chooseDevice(wanted);
  const graphs = await openOn(device).catch((error: Error) => {
    signal.throwIfAborted();
    if (wanted !== "auto" || device === "wasm") throw error;
    notes.push(`WebGPU failed, so WebAssembly is used: ${error.message}`);
    return openOn("wasm");
  });
  opened = { graphs, info: manifest.model };
  return { info: manifest.model, device: graphs.device, graphs: Object.keys(manifest.graphs) as GraphName[], notes };
}

/** WebGPU where there is a graphics processor; a software renderer is slower than WebAssembly. */
async function chooseDevice(wanted: WebDevice | "auto"): Promise<WebDevice> {
  if (wanted === "wasm") return wanted;
  const adapter = await scope.navigator.gpu?.requestAdapter().catch(() => null);
  if (wanted === "auto") return adapter && !adapter.info?.isFallbackAdapter ? "webgpu" : "wasm";
  if (adapter) return wanted;
  throw new UserError("environment", "Expected a browser with WebGPU, but this one offers no graphics processor.", {
    advice: "Choose another device: `wasm`, or `auto`.",
  });
}
