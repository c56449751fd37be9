/** @file A thread of `DecodeThreads`: given an encoded image, it answers with its pixels, or why there are none. */
import { parentPort } from "node:worker_threads";
import { decodeImage } from "./decode.js";
import type { DecodeAnswer, DecodeRequest } from "./decoder.js";

parentPort!.on("message", async ({ bytes, resolution }: DecodeRequest) => {
  const answer: DecodeAnswer = await decodeImage(bytes, resolution).then(
    (pixels) => ({ pixels }),
    (error: Error) => ({ error: error.message }),
  );
  parentPort!.postMessage(answer, "pixels" in answer ? [answer.pixels.buffer as ArrayBuffer] : []);
});
