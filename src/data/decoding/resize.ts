/**
 * @file The centre of an image at a model's resolution, to the bit as guided-diffusion's `center_crop_arr` makes it: halved by
 * a box filter while the shorter side has at least twice the resolution, brought to it by a bicubic filter, then cropped.
 */
import { roundHalfToEven } from "../../rounding.js";
import { bicubic, box, createPass, type Pass, type Plane, resample, type Span } from "./resample.js";

/** The passes that one size of image takes, and the place of the first pixel that they read. */
interface Plan {
  left: number;
  top: number;
  steps: { columns: Pass; rows: Pass }[];
}

/** How many plans are kept: photographs come in a few common sizes. */
const KEPT_PLANS = 256;
const plans = new Map<string, Plan>();

/**
 * The centre square of an image in planes.
 *
 * @param pixels - uint8 [3, H, W]
 * @returns uint8 [3, R, R]
 */
export function resizePixels(pixels: Uint8Array, width: number, height: number, resolution: number): Uint8Array {
  expectLength(pixels, 3 * width * height);
  return resize(pixels, { step: 1, stride: width, between: width * height, channels: 3 }, width, height, resolution);
}

/**
 * The centre square of an image in the order of decoders.
 *
 * @param pixels - uint8 [H, W, channels]: red, green, blue and whatever follows, which is ignored; of fewer than three
 * channels the first is grey
 * @returns uint8 [3, R, R]
 */
export function resizeInterleaved(
  pixels: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
  resolution: number,
): Uint8Array {
  expectLength(pixels, channels * width * height);
  const layout = { step: channels, stride: width * channels, between: 1, channels };
  return resize(pixels, layout, width, height, resolution);
}

function expectLength(pixels: Uint8Array, expected: number): void {
  if (pixels.length !== expected) throw new Error(`expected ${expected} bytes of pixels, got ${pixels.length}`);
}

/** Where pixels lie: `step` from one to the next of a row, `stride` to the next row, `between` to the next channel. */
interface Layout {
  step: number;
  stride: number;
  between: number;
  channels: number;
}

function resize(data: Uint8Array, layout: Layout, width: number, height: number, resolution: number): Uint8Array {
  const { step, stride, between, channels } = layout;
  const { left, top, steps } = planFor(width, height, resolution);
  const size = resolution ** 2;
  const result = new Uint8Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    if (channel > 0 && channels < 3) {
      result.copyWithin(channel * size, 0, size);
      continue;
    }
    let plane: Plane = { data, offset: channel * between + top * stride + left * step, step, stride };
    for (const { columns, rows } of steps) {
      plane = { data: resample(plane, columns, rows), offset: 0, step: 1, stride: columns.outputs };
    }
    copySquare(plane, resolution, result.subarray(channel * size));
  }
  return result;
}

function copySquare({ data, offset, step, stride }: Plane, resolution: number, into: Uint8Array): void {
  for (let y = 0, at = 0; y < resolution; y++) {
    for (let x = 0, from = offset + y * stride; x < resolution; x++, from += step) into[at++] = data[from];
  }
}

function planFor(width: number, height: number, resolution: number): Plan {
  const key = `${width}×${height}→${resolution}`;
  const known = plans.get(key);
  if (known) return known;
  const plan = makePlan(width, height, resolution);
  if (plans.size >= KEPT_PLANS) plans.delete(plans.keys().next().value!);
  plans.set(key, plan);
  return plan;
}

/** Planned from the crop backwards, so that nothing is computed or kept that the crop leaves out. */
function makePlan(width: number, height: number, resolution: number): Plan {
  if (width < 1 || height < 1) throw new Error(`expected an image, got one of ${width}×${height}`);
  const sizes = [[width, height]];
  let [w, h] = [width, height];
  while (Math.min(w, h) >= 2 * resolution) {
    [w, h] = [Math.floor(w / 2), Math.floor(h / 2)];
    sizes.push([w, h]);
  }
  const scale = resolution / Math.min(w, h);
  const final = [roundHalfToEven(w * scale), roundHalfToEven(h * scale)];
  let [across, down]: Span[] = final.map((length) => ({
    first: Math.floor((length - resolution) / 2),
    count: resolution,
  }));

  const steps: Plan["steps"] = [];
  for (const [back, [toWidth, toHeight]] of [final, ...sizes.slice(1).reverse()].entries()) {
    const [fromWidth, fromHeight] = sizes[sizes.length - 1 - back];
    if (fromWidth === toWidth && fromHeight === toHeight) continue; // what a bicubic filter leaves as it is
    const filter = back === 0 ? bicubic : box;
    const columns = createPass(filter, fromWidth, toWidth, across);
    const rows = createPass(filter, fromHeight, toHeight, down);
    steps.unshift({ columns, rows });
    across = { first: columns.first, count: columns.inputs };
    down = { first: rows.first, count: rows.inputs };
  }
  return { left: across.first, top: down.first, steps };
}
