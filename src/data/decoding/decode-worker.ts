/** @file A thread of `DecodeThreads`: given an encoded image, it answers with its pixels, or why there are none. */
import { parentPort } from "node:worker_threads";
import { tryDecoding } from "./decode.js";
import type { DecodeRequest } from "./decoder.js";

parentPort!.on("message", async (request: DecodeRequest | undefined) => {
  if (request === undefined) return parentPort!.close();
  const { bytes, resolution, small } = request;
  const decoded = await tryDecoding(bytes, resolution, small);
  parentPort!.postMessage(decoded, "pixels" in decoded ? [decoded.pixels.buffer as ArrayBuffer] : []);
});
