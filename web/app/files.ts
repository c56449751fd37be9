/** @file Pictures as files that a browser downloads. */
import { zipSync } from "fflate";
import type { Picture } from "./backend.js";

/** Pixels between pictures, and the colour there, as in grids of `strata sample`. */
const GAP = 2;
const PAPER = "rgb(226, 226, 226)";

/** A grid of pictures as a PNG file; each pixel is a square of `scale`. */
export async function pngOf(pictures: readonly Picture[], side: number): Promise<Blob> {
  const { resolution } = pictures[0];
  const scale = Math.max(1, Math.ceil(64 / resolution));
  const step = resolution * scale + GAP;
  const canvas = new OffscreenCanvas(side * step + GAP, Math.ceil(pictures.length / side) * step + GAP);
  const context = canvas.getContext("2d")!;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  for (const [index, picture] of pictures.entries()) {
    const one = new OffscreenCanvas(resolution, resolution);
    one.getContext("2d")!.putImageData(new ImageData(picture.rgba, resolution), 0, 0);
    const [x, y] = [GAP + (index % side) * step, GAP + Math.floor(index / side) * step];
    context.drawImage(one, x, y, resolution * scale, resolution * scale);
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/** Pictures as NumPy reads them: `arr_0` uint8 [N, R, R, 3], and labels as `arr_1` int32 [N]. */
export function npzOf(pictures: readonly Picture[], labels: readonly (number | undefined)[]): Blob {
  const { resolution } = pictures[0];
  const plane = resolution ** 2;
  const pixels = new Uint8Array(pictures.length * plane * 3);
  for (const [index, { rgba }] of pictures.entries()) {
    for (let pixel = 0; pixel < plane; pixel++) {
      pixels.set(rgba.subarray(4 * pixel, 4 * pixel + 3), 3 * (index * plane + pixel));
    }
  }
  const files = { "arr_0.npy": npy("|u1", [pictures.length, resolution, resolution, 3], pixels) };
  const known = labels.filter((label) => label !== undefined);
  const numbers = new Uint8Array(Int32Array.from(known).buffer); // every machine that runs a browser is little-endian
  const all = known.length > 0 ? { ...files, "arr_1.npy": npy("<i4", [known.length], numbers) } : files;
  return new Blob([zipSync(all, { level: 0 }) as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}

/** An array in NumPy's format, version 1.0 (numpy.lib.format). */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = `\x93NUMPY\x01\x00${String.fromCharCode(length & 255, length >> 8)}${text.padEnd(length - 1)}\n`;
  const file = new Uint8Array(header.length + data.length);
  file.set(Uint8Array.from(header, (letter) => letter.charCodeAt(0)));
  file.set(data, header.length);
  return file;
}

/** Saves a file where the browser saves files. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
