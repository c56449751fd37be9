/** @file Dozens of kills: `STRATA_KILLS=200 npm run test:long -- kills`, other moments with `STRATA_KILLS_SEED`. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { surviveKills } from "../support/kills.js";
import { launchers } from "../support/mpi.js";
import { surviveRankKills, trainUndisturbed, type Undisturbed } from "../support/rank-kills.js";

const folder = temporaryFolder();
const kills = Number(process.env.STRATA_KILLS ?? 40);
const seed = Number(process.env.STRATA_KILLS_SEED ?? 2);

test(`${kills} kills change no byte of a checkpoint and no measurement`, async () => {
  const { differences, ...report } = await surviveKills(join(folder, "alone"), { kills, seed });
  console.log(JSON.stringify(report, null, 2));
  expect(differences).toEqual([]);
  expect(report.kills).toBe(kills);
  expect(report.slowestStopMs).toBeLessThan(15_000);
});

let undisturbed: Undisturbed;
beforeAll(async () => {
  if (launchers.some(({ installed }) => installed)) undisturbed = await trainUndisturbed(join(folder, "undisturbed"));
});

for (const launcher of launchers) {
  const { name, installed } = launcher;
  const rankKills = Math.ceil(Number(process.env.STRATA_RANK_KILLS ?? 50) / launchers.length);
  test.skipIf(!installed)(
    `${name}: ${rankKills} kills among two processes change no byte, and nothing hangs`,
    async () => {
      let kills = 0;
      for (let run = 0; kills < rankKills; run++) {
        const wanted = { kills: Math.min(5, rankKills - kills), first: kills, seed: seed + run };
        const { differences, ...report } = await surviveRankKills(
          launcher,
          undisturbed,
          join(folder, `${name}-${run}`),
          wanted,
        );
        console.log(JSON.stringify({ name, run, ...report }));
        expect(differences).toEqual([]);
        expect(report.slowestEndMs).toBeLessThan(30_000);
        kills += Math.max(1, report.kills);
      }
    },
  );
}
