/** @file A thread of `DecodeThreads`: given an encoded image, it answers with its pixels, or why there are none. */
import { serve } from "../../thread-service.js";
import { type Decoded, tryDecoding } from "./decode.js";
import type { DecodeRequest } from "./decoder.js";
import { setForManyImages } from "./many-images.js";

await setForManyImages();

await serve<undefined, DecodeRequest>(() => ({
  answer: ({ bytes, resolution, undersized }) => tryDecoding(bytes, resolution, undersized),
  transferred: (decoded) =>
    "pixels" in (decoded as Decoded) ? [(decoded as { pixels: Uint8Array<ArrayBuffer> }).pixels.buffer] : [],
}));
