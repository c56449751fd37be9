/** @file Between a page's pictures and a model's images. */
import { resizeInterleaved } from "../data/decoding/resize.js";
import { UserError } from "../errors.js";
import type { WebImages } from "./web-model.js";

/** Pictures of more pixels are refused: browsers keep four bytes of each, and more while they decode. */
const LARGEST_PIXELS = 2 ** 26;

/**
 * One of the images, as `putImageData` takes it.
 *
 * @param index - of `images.count`
 */
export function toImageData({ images, count, resolution }: WebImages, index: number): ImageData {
  if (!(index >= 0 && index < count)) {
    throw new UserError("out-of-range", `Expected the number of one of ${count} images, got ${index}.`);
  }
  const plane = resolution ** 2;
  const first = index * 3 * plane;
  const data = new Uint8ClampedArray(4 * plane);
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) data[4 * pixel + channel] = images[first + channel * plane + pixel];
    data[4 * pixel + 3] = 255;
  }
  return new ImageData(data, resolution, resolution);
}

/**
 * The centre of a picture at a model's resolution, as training images are made: upright, on white, in sRGB, resized by our own
 * filters, which `createImageBitmap` has not.
 *
 * @param picture - a file, or what a canvas can draw
 * @param resolution - of the model, pixels
 * @throws UserError when the browser cannot decode it, or it is too large
 */
export async function fromPicture(
  picture: Blob | CanvasImageSource | ImageData,
  resolution: number,
): Promise<WebImages> {
  const bitmap = await createImageBitmap(picture as ImageBitmapSource, {
    imageOrientation: "from-image",
    premultiplyAlpha: "default",
    colorSpaceConversion: "default",
  }).catch((error: Error) => {
    throw new UserError("damaged", `This browser cannot decode the picture: ${error.message}`);
  });
  try {
    const { width, height } = bitmap;
    if (width * height > LARGEST_PIXELS) {
      throw new UserError(
        "too-large",
        `Expected a picture of at most ${Math.floor(LARGEST_PIXELS / 1e6)} megapixels, got ${width}×${height}.`,
      );
    }
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height, { colorSpace: "srgb" });
    const pixels = new Uint8Array(data.buffer);
    return { images: resizeInterleaved(pixels, { width, height, channels: 4 }, resolution), count: 1, resolution };
  } finally {
    bitmap.close();
  }
}
