import { expect, test } from "vitest";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import type { Trainer } from "../trainer.js";
import { Observer } from "./observer.js";

/** Of a trainer whose runtime has ended. */
async function observer(): Promise<Observer> {
  const runtime = new Runtime({ threads: 1 });
  await runtime.dispose();
  const trainer = { config: tinyConfig(), ema: [], runtime } as unknown as Trainer;
  return new Observer(trainer, { train: discs(8), validation: discs(8) });
}

test("what is asked for after the signal is given up before anything is compiled for it", async () => {
  const signal = AbortSignal.abort(new Error("the signal"));
  const observing = await observer();
  await expect(observing.measure(signal)).rejects.toThrow("the signal");
  await expect(observing.pictures(signal)).rejects.toThrow("the signal");
});

test("programs that could not be compiled are nothing to free", async () => {
  const observing = await observer();
  await expect(observing.measure()).rejects.toThrow("This runtime has been disposed.");
  await observing.dispose();
});
