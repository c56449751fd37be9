/** @file Gives back in 400 ms of native code, and says so. */
import { writeSync } from "node:fs";
import koffi from "koffi";
import { serve } from "../../src/thread-service.js";

const usleep = koffi.load(null).func("int usleep(uint32_t microseconds)");

await serve(() => {
  process.once("exit", () => {
    usleep(400_000);
    writeSync(1, "given back\n");
  });
  return { answer: () => undefined };
});
