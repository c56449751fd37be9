/** @file A run that is killed at random moments and resumed leaves what an undisturbed one leaves; `test/long` kills more often. */
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { surviveKills } from "../support/kills.js";

const folder = temporaryFolder();

test("six kills change no byte of the checkpoint and no measurement", async () => {
  const { kills, differences, slowestStopMs } = await surviveKills(folder, { kills: 6, seed: 1 });
  expect(differences).toEqual([]);
  expect(kills).toBe(6);
  expect(slowestStopMs).toBeLessThan(15_000);
});
