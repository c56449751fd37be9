import { expect, test } from "vitest";
import { candidates, chooseOnDevice } from "./device-memory.js";
import type { Fitted } from "./memory.js";

const open = { batchSize: 16, microBatchSize: "auto", rematerialise: "auto" } as const;

test.each<[string, Parameters<typeof candidates>, string]>([
  ["whole batches first, rematerialised before tiny ones", [open, 1], "16 8 4 16r 8r 4r 2r 1r"],
  ["those that two devices can share", [open, 2], "16 8 16r 8r 4r 2r"],
  ["any where devices can share none", [{ ...open, batchSize: 9 }, 2], "9 9r 3r 1r"],
  ["a micro-batch that is set", [{ ...open, microBatchSize: 2 }, 1], "2 2r"],
  ["no rematerialisation where that is set", [{ ...open, rematerialise: false }, 1], "16 8 4 2 1"],
  ["nothing else where that is", [{ ...open, rematerialise: true }, 1], "16r 8r 4r 2r 1r"],
])("settings to try: %s", (_, given, expected) => {
  const text = candidates(...given).map(
    ({ microBatchSize, rematerialise }) => `${microBatchSize}${rematerialise ? "r" : ""}`,
  );
  expect(text.join(" ")).toBe(expected);
});

/** 10 bytes and 4 an image; 1 an image when rematerialised. */
const bytes = async ({ microBatchSize, rematerialise }: Fitted) => 10 + (rematerialise ? 1 : 4) * microBatchSize;

/** What is chosen, and for what the compiler was asked. */
async function chosen(budget: number, runs: (settings: Fitted) => boolean = () => true) {
  const asked: number[] = [];
  const notices: string[] = [];
  const settings = await chooseOnDevice(candidates(open, 1), budget, {
    bytes: (settings) => {
      asked.push(settings.microBatchSize);
      return bytes(settings);
    },
    runs: async (settings) => runs(settings),
    onNotice: (message) => notices.push(message),
  });
  return { settings, asked, notices };
}

test("the first that fits, without compiling what cannot", async () => {
  expect(await chosen(74)).toMatchObject({ settings: { microBatchSize: 16, rematerialise: false }, asked: [16] });
  expect(await chosen(44)).toMatchObject({ settings: { microBatchSize: 8, rematerialise: false }, asked: [16, 8] });
  expect(await chosen(26)).toMatchObject({ settings: { microBatchSize: 4, rematerialise: false }, asked: [16, 4] });
  expect(await chosen(20)).toMatchObject({
    settings: { microBatchSize: 8, rematerialise: true },
    asked: [16, 4, 16, 8],
  });
});

test("what the device refuses after all is followed by less, with a word", async () => {
  const { settings, notices } = await chosen(1000, ({ microBatchSize }) => microBatchSize < 8);
  expect(settings).toEqual({ microBatchSize: 4, rematerialise: false });
  expect(notices).toEqual([expect.stringContaining("micro-batch of 16"), expect.stringContaining("micro-batch of 8")]);
});

test("a device with too little memory is an error", async () => {
  await expect(chosen(5)).rejects.toMatchObject({ code: "out-of-memory" });
});
