/** @file A trained model in a browser: load, sample, encode, decode, interpolate, dispose. */
import type { ModelConfig } from "../config/index.js";
import { interpolateLatents } from "../latents/interpolate.js";
import type { Latents } from "../latents/latents.js";
import type { Guidance, Temperature } from "../latents/per-group.js";
import { groups } from "../model/groups.js";
import type { DrawnPart, Encoded } from "./drawing.js";
import type { WebDevice, WebModelInfo } from "./manifest.js";
import type { Opened } from "./protocol.js";
import { startWorker, WorkerClient } from "./worker-client.js";

/** How {@link load} loads a model. */
export interface LoadOptions {
  /**
   * Where it computes. `auto` (default) takes WebGPU where the browser offers a graphics processor, and WebAssembly where it
   * does not, or where WebGPU fails.
   */
  device?: WebDevice | "auto";
  /**
   * Threads of WebAssembly; default 1. More need a page that is cross-origin isolated, and help batches of many images alone.
   */
  threads?: number;
  /** The folder with ONNX Runtime's files as they were exported; default the model's own. Needed for models of another origin. */
  runtime?: string | URL;
  /** Starts the thread, for bundlers and policies that need it done in another way; see docs/web.md. */
  worker?: () => Worker;
  /** How far the download is, bytes. Files that the browser has cached count as they are read. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Stops loading. */
  signal?: AbortSignal;
}

/** Square images of one size, uint8 [count, 3, R, R]: red, then green, then blue. */
export interface WebImages {
  images: Uint8Array;
  count: number;
  /** R, pixels. */
  resolution: number;
}

/** Images that a model drew. */
export interface WebSamples extends WebImages {
  /** Class of each; length 0 when the model knows no classes. */
  labels: Int32Array;
}

/** Images that a model drew, as numbers. */
export interface WebValues {
  /** [count, 3, R, R] in [-1, 1]. */
  values: Float32Array;
  /** As in {@link WebSamples}. */
  labels: Int32Array;
}

/** How images are drawn: the same words mean the same in Node. */
export interface DrawingOptions {
  /** Guidance weights (w_μ, w_σ), for models with classes; default none. */
  guidance?: Guidance;
  /** The same for each image, in place of `guidance`: tiles of a pad are drawn at once. */
  guidances?: readonly (Guidance | undefined)[];
  /** Whether the model's refinement draws the first groups (`info.refinement`); then the prior has no guidance. Default false. */
  refined?: boolean;
  /** Guidance weight of the refinement, for models with classes, of all images or of each. Default 0. */
  refineGuidance?: number | readonly number[];
  /** [count], each below the number of classes, or equal to it for "no label". Default: drawn in the training set's proportions. */
  labels?: Int32Array;
  /** Images at once; default 4. An image does not depend on it. */
  batch?: number;
  /** Called with each batch as soon as it is drawn, and the number of its first image. */
  onImages?: (images: WebImages, first: number) => void;
  /** Stops between batches; the call is rejected with the signal's reason at once. */
  signal?: AbortSignal;
}

/** What {@link WebModel.sample} draws. */
export interface WebSampleOptions extends DrawingOptions {
  count: number;
  /** Sample `i` of a seed is the same whatever `count` is, and the same as in Node to ±1 of 255. Default 0. */
  seed?: number;
  /** Which samples of the seed these are, [count]; default 0 … count − 1. */
  samples?: readonly number[];
  /** Factor on the noise: one, or one for each resolution. Default 1. */
  temperature?: Temperature;
  /** [count, 3, r, r] in [-1, 1]: what a super-resolution model enlarges. */
  lowResolution?: Float32Array;
}

/** How {@link WebModel.encode} encodes. */
export interface EncodeOptions {
  /** Class of each image, in models with classes. */
  labels?: Int32Array;
  /** Keys the draw from the posterior. Default 0. */
  seed?: number;
  /** Images at once; default 4. */
  batch?: number;
  signal?: AbortSignal;
}

/** Which path {@link WebModel.interpolate} takes, and how it is drawn. */
export interface InterpolateOptions extends Omit<DrawingOptions, "labels"> {
  /** Pictures, both ends included; at least 2. */
  count: number;
  /** Groups that are interpolated, lowest resolution first; default all. */
  groups?: number;
  /** The class of all; default drawn as that of samples is. */
  label?: number;
}

/** Images drawn at once. More are no faster, and a request that is dropped has less to wait for. */
const BATCH = 4;

/** A model that is loaded. It computes in a thread of its own, one request after another. */
export class WebModel {
  /** What is known of it: classes, latent groups, steps. */
  readonly info: WebModelInfo;
  /** Its network: what functions of `strata-vae/latents` take. */
  readonly config: ModelConfig;
  readonly device: WebDevice;
  /** What happened while it was loaded that you may want to tell. */
  readonly notes: readonly string[];
  readonly #client: WorkerClient;
  readonly #graphs: Opened["graphs"];

  /** @internal */
  constructor(client: WorkerClient, { info, device, graphs, notes }: Opened) {
    this.#client = client;
    this.#graphs = graphs;
    this.info = info;
    this.config = info.config;
    this.device = device;
    this.notes = notes;
  }

  /**
   * Draws images from the prior.
   *
   * @throws UserError when labels, guidance, temperature or a low-resolution input do not fit the model; the signal's reason
   */
  sample(options: WebSampleOptions): Promise<WebSamples> {
    return this.#draw(options, {});
  }

  /**
   * Draws images from their noise: that of `encode`, or made of it by `varyLatents` and `interpolateLatents`.
   *
   * @param latents - [N, Z, r, r] for each group, group 0 first
   * @throws UserError when they do not fit the model
   */
  decode(latents: Latents, options: DrawingOptions = {}): Promise<WebSamples> {
    const [{ shape }] = groups(this.config);
    const count = (latents[0]?.length ?? 0) / shape.reduce((product, size) => product * size);
    return this.#draw({ ...options, count }, { latents });
  }

  /**
   * The images of `sample`, or of `decode` where there are latents, as numbers that are not rounded to bytes: what a
   * super-resolution model enlarges.
   *
   * @throws what `sample` throws
   */
  async values(options: WebSampleOptions & { latents?: Latents }): Promise<WebValues> {
    const size = 3 * this.config.resolution ** 2;
    const values = new Float32Array(Math.max(Math.ceil(options.count), 0) * size);
    const { labels } = await this.#draw(options, {
      asValues: true,
      onPart: (part) => values.set(part.values!, part.first * size),
    });
    return { values, labels };
  }

  /**
   * Encodes images: the noise with which `decode` draws them again, and what each group costs.
   *
   * @throws UserError when the images or labels do not fit the model, or it is a super-resolution model
   */
  encode(images: WebImages, { labels, seed, batch = BATCH, signal }: EncodeOptions = {}): Promise<Encoded> {
    const { count, resolution } = images;
    return this.#client.ask("encode", { images: images.images, count, resolution, labels, seed, batch }, { signal });
  }

  /**
   * Pictures on the way from one to another.
   *
   * @param from - noise of one picture; `latentsAt` takes it from that of several
   * @param to - noise of one picture
   */
  interpolate(from: Latents, to: Latents, options: InterpolateOptions): Promise<WebSamples> {
    const { count, groups: interpolated, label, ...drawing } = options;
    const labels = label === undefined ? undefined : new Int32Array(count).fill(label);
    return this.decode(interpolateLatents(from, to, count, interpolated), { ...drawing, labels });
  }

  /** Makes ready what guidance and encoding need, which else is done when they are first asked for. */
  async prepare({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    for (const graph of this.#graphs) await this.#client.ask("prepare", { graph }, { signal });
  }

  /** Ends the thread and frees what it holds, at any moment: what is being drawn is rejected. Calling it again is harmless. */
  dispose(): void {
    this.#client.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #draw(
    { signal, onImages, batch = BATCH, ...asked }: WebSampleOptions,
    { onPart, ...given }: { latents?: Latents; asValues?: boolean; onPart?: (part: DrawnPart) => void },
  ): Promise<WebSamples> {
    const { count } = asked;
    const { resolution } = this.config;
    const size = 3 * resolution ** 2;
    const images = new Uint8Array(Math.max(Math.ceil(count), 0) * size);
    const onTold = (part: DrawnPart) => {
      images.set(part.images, part.first * size);
      onPart?.(part);
      onImages?.({ images: part.images, count: part.images.length / size, resolution }, part.first);
    };
    const { labels } = await this.#client.ask("draw", { ...asked, ...given, batch }, { signal, onTold });
    return { images, count, resolution, labels };
  }
}

/**
 * Loads a model that `strata export --format web` wrote, in a thread of its own.
 *
 * @param url - of the exported folder, or of the `manifest.json` in it; relative to the page
 * @throws UserError when a file is missing, damaged or of another version, or the device cannot run it; the signal's reason
 *   when aborted
 */
export async function load(url: string | URL, options: LoadOptions = {}): Promise<WebModel> {
  const { device = "auto", threads = 1, runtime, worker = startWorker, onProgress, signal } = options;
  signal?.throwIfAborted();
  const client = new WorkerClient(worker());
  try {
    const opened = await client.ask(
      "open",
      {
        url: manifestUrl(url).href,
        ...(runtime === undefined ? {} : { runtimeUrl: folderUrl(runtime).href }),
        pageOrigin: location.origin,
        device,
        threads,
      },
      { signal, onTold: onProgress },
    );
    return new WebModel(client, opened);
  } catch (error) {
    client.dispose();
    throw error;
  }
}

/** The address of the manifest, of that of the folder or of the manifest itself. */
export function manifestUrl(url: string | URL): URL {
  const absolute = new URL(url, document.baseURI);
  return absolute.pathname.endsWith(".json") ? absolute : new URL("manifest.json", folderUrl(absolute));
}

/** The address of a folder, which ends in a slash. */
function folderUrl(url: string | URL): URL {
  const absolute = new URL(url, document.baseURI);
  if (!absolute.pathname.endsWith("/")) absolute.pathname += "/";
  return absolute;
}
