/** @file Dozens of kills: `STRATA_KILLS=200 npm run test:long -- kills`, other moments with `STRATA_KILLS_SEED`. */
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { surviveKills } from "../support/kills.js";

const folder = temporaryFolder();
const kills = Number(process.env.STRATA_KILLS ?? 40);
const seed = Number(process.env.STRATA_KILLS_SEED ?? 2);

test(`${kills} kills change no byte of a checkpoint and no measurement`, async () => {
  const { differences, ...report } = await surviveKills(folder, { kills, seed });
  console.log(JSON.stringify(report, null, 2));
  expect(differences).toEqual([]);
  expect(report.kills).toBe(kills);
  expect(report.slowestStopMs).toBeLessThan(15_000);
});
