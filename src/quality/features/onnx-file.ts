/** @file Features by any network in an ONNX file: DINOv2, or one that knows the domain at hand. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import type { Images } from "../../data/image-set.js";
import { compile, defaultRuntime, spec } from "../../engine/index.js";
import { describeModel, loadModel, type ModelArray, OPEN } from "../../engine/onnx-file.js";
import { type ErrorCode, readFailure, UserError } from "../../errors.js";
import { DEFAULT_BATCH, type ExecutionOptions } from "../../inference/execution-options.js";
import { parseJson } from "../../io/files/json.js";
import { extractorOf, FEATURE_PRECISION, inBatches, type OpenExtractor } from "./extractor.js";
import { bilinear, resampled } from "./resampling.js";

/** How {@link openOnnxFile} opens a network of your own. */
export interface OnnxFileOptions extends Pick<ExecutionOptions, "runtime"> {
  /** Of the images: their height and width. */
  resolution: number;
  /** Images at once, where the model leaves their number open. Default 16. */
  batch?: number;
  /** Called with how images are prepared and which output is used. */
  onNotice?: (message: string) => void;
}

const LARGEST_BATCH = 1024;
/** Of models that leave their images' size open. */
const SIZE = 224;
const LARGEST_SIZE = 2048;
const LARGEST_FILE = 2 ** 31 - 1;
const LARGEST_SETTINGS = 2 ** 16;

/** Three channels. */
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** What may stand in FILE.json beside FILE; the defaults are those of networks trained on ImageNet. */
const settingsSchema = z.strictObject({
  /** Height and width that the network takes, where it does not say. */
  size: z.int().min(1).max(LARGEST_SIZE).optional(),
  /** Of the channels of images in [0, 1], to be taken off … */
  mean: triple.default([0.485, 0.456, 0.406]),
  /** … and to divide by. */
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]).default([0.229, 0.224, 0.225]),
  /** Name of the output that is taken. Default: the first. */
  output: z.string().optional(),
});
type Settings = z.output<typeof settingsSchema>;

/**
 * Opens a model with one input, float32 images [N, 3, H, W], and takes one output: [N, D], [N, D, 1, 1], or tokens [N, T, D], of
 * which the first counts. Images are resized to H×W (bilinear, antialiased), scaled to [0, 1] and normalised by channel.
 * `FILE.json` may say how.
 *
 * @throws UserError when there is no such file, or it is not such a model
 */
export async function openOnnxFile(
  path: string,
  { resolution, batch = DEFAULT_BATCH, runtime = defaultRuntime(), onNotice }: OnnxFileOptions,
): Promise<OpenExtractor> {
  const model = await readWhole(path, LARGEST_FILE);
  const settings = await readSettings(`${path}.json`);
  const { inputs, outputs } = describeModel(model, path);
  const refuse = (problem: string): never => {
    throw new UserError("unsupported-format", `Expected a model of images in ${path}, but ${problem}.`);
  };
  const input = imageInput(inputs, refuse);
  const output = featureOutput(outputs, settings.output, refuse);
  const [own, , ...sizes] = input.shape;
  const images = own ?? batch;
  const [height, width] = sizes.map((size) => size ?? settings.size ?? SIZE);
  const open = output.shape.slice(1).map((size) => size ?? OPEN);
  const loaded = await loadModel(
    model,
    path,
    {
      inputs: [{ name: input.name, dtype: "float32", shape: [images, 3, height, width] }],
      outputs: [{ name: output.name, dtype: "float32", shape: [images, ...open] }],
    },
    runtime,
  );
  const prepare = await compile(
    preparation(resolution, [height, width], settings),
    [spec([images, 3, resolution, resolution])],
    { runtime, precision: FEATURE_PRECISION },
  ).catch(async (error: unknown) => {
    await loaded.dispose();
    throw error;
  });
  const dispose = async () => {
    await prepare.dispose();
    await loaded.dispose();
  };
  const features = async (bytes: Uint8Array) => {
    const [prepared] = (await prepare.run(Float32Array.from(bytes))) as [Float32Array];
    const [found] = (await loaded.run(prepared)) as [Float32Array];
    return firstTokens(found, images, open, refuse);
  };
  const trial = await features(new Uint8Array(images * 3 * resolution ** 2)).catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  const widthOf = trial.length / images;
  const text = `${height}×${width}, mean ${settings.mean.join(" ")}, std ${settings.std.join(" ")}`;
  onNotice?.(
    `${path}: images resized to ${text}; output ${output.name}${open.length === 2 ? ", its first token" : ""}.`,
  );
  return extractorOf({
    name: basename(path),
    identity: `onnx sha256:${createHash("sha256").update(model).digest("hex")} ${text} ${output.name}`,
    width: widthOf,
    extract: (pictures: Images, signal?: AbortSignal) =>
      inBatches(
        pictures,
        { resolution, batch: images, widths: { pooled: widthOf }, signal, runtime },
        async (bytes) => ({
          pooled: await features(bytes),
        }),
      ),
    dispose,
  });
}

type Refuse = (problem: string) => never;
type Shaped = ModelArray & { shape: (number | undefined)[] };

const sizesOf = ({ name, type, shape }: ModelArray): string =>
  `${name}: ${type}${shape ? `[${shape.map((size) => size ?? "?").join(",")}]` : ""}`;

function imageInput(inputs: readonly ModelArray[], refuse: Refuse): Shaped {
  const [input] = inputs;
  const { shape, type } = input ?? {};
  const [batch, channels, ...sizes] = shape ?? [];
  const fits = inputs.length === 1 && type === "float" && shape?.length === 4 && (channels ?? 3) === 3 && batch !== 0;
  if (!fits || sizes.some((size) => size !== undefined && (size < 1 || size > LARGEST_SIZE))) {
    refuse(`it should take one float[N,3,H,W] and takes ${inputs.map(sizesOf).join(" and ") || "nothing"}`);
  }
  if (batch !== undefined && batch > LARGEST_BATCH) {
    refuse(`it takes ${batch} images at once; at most ${LARGEST_BATCH} are given. Save it with their number open`);
  }
  return input as Shaped;
}

function featureOutput(outputs: readonly ModelArray[], name: string | undefined, refuse: Refuse): Shaped {
  const output = name === undefined ? outputs[0] : outputs.find((each) => each.name === name);
  const names = outputs.map(sizesOf).join(", ");
  if (output === undefined) return refuse(`it has no output ${JSON.stringify(name)}; it has ${names}`);
  const { type, shape } = output;
  const pixel = shape?.length === 4 && shape.slice(2).every((size) => size === undefined || size === 1);
  const vectors = type === "float" && shape !== undefined && (shape.length === 2 || shape.length === 3 || pixel);
  if (!vectors) {
    const advice = outputs.length > 1 ? "; FILE.json can name another" : "";
    refuse(`${sizesOf(output)} is no float[N,D], [N,D,1,1] or [N,T,D]${advice}; its outputs are ${names}`);
  }
  return output as Shaped;
}

/** [N, D] of elements [N, D], [N, D, 1, 1] or [N, T, D], whose sizes behind N may be open. */
function firstTokens(elements: Float32Array, images: number, sizes: readonly number[], refuse: Refuse): Float32Array {
  const each = elements.length / images;
  if (!Number.isInteger(each)) refuse(`it gives ${elements.length} numbers for ${images} images`);
  const [, width] = sizes;
  if (sizes.length !== 2) return elements;
  if (width === OPEN) return refuse("it does not say how long its tokens are");
  const first = new Float32Array(images * width);
  for (let image = 0; image < images; image++) {
    first.set(elements.subarray(image * each, image * each + width), image * width);
  }
  return first;
}

/** From [N, 3, R, R] in [0, 255] to [N, 3, height, width], normalised. */
const preparation =
  (resolution: number, size: readonly [number, number] | number[], { mean, std }: Settings) =>
  (images: np.Array): np.Array[] => {
    const [vertical, horizontal] = size.map((to) => np.array(bilinear(resolution, to)).reshape([to, resolution]));
    const [offset, scale] = [mean.map((m, c) => -m / std[c]), std.map((s) => 1 / (255 * s))].map((values) =>
      np.array(values).reshape([1, 3, 1, 1]),
    );
    return [resampled(images, vertical, horizontal).mul(scale).add(offset)];
  };

async function readWhole(path: string, largest: number): Promise<Buffer> {
  const unreadable = (problem: string, code: ErrorCode = "unreadable"): never => {
    throw new UserError(code, `Expected a model in ${path}, but ${problem}.`);
  };
  const status = await stat(path).catch((error: Error) =>
    unreadable(`it cannot be read: ${error.message}`, readFailure(error)),
  );
  if (!status.isFile()) return unreadable("it is no file");
  if (status.size > largest) return unreadable(`it has ${status.size} bytes; ${largest} are the most`, "too-large");
  return readFile(path);
}

/** The settings in a file, or the usual ones where there is none. */
async function readSettings(path: string): Promise<Settings> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return settingsSchema.parse({});
  const refuse = (problem: string): never => {
    throw new UserError(
      "unsupported-format",
      `Expected {"size", "mean", "std", "output"}, each of them optional, in ${path}, but ${problem}.`,
    );
  };
  if (!status.isFile() || status.size > LARGEST_SETTINGS) return refuse("it is no small file");
  const value = parseJson(await readFile(path), refuse);
  const parsed = settingsSchema.safeParse(value);
  return parsed.success ? parsed.data : refuse(z.prettifyError(parsed.error).replaceAll(/\s+/g, " "));
}
