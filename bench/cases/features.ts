/** @file Features of the Inception network, beside PyTorch running the same network. */
import { type Standing, take, timesAsFast } from "../contest.js";
import { withInceptionInputs } from "../peers/inception-inputs.js";
import { nameOf, pyTorchInFormats, strataInception } from "../peers/systems.js";
import { type BenchOptions, digits, gigabytes, type Line, type Section, seconds } from "../suite.js";

const RESOLUTION = 32;
const BATCH = 16;
const ROUNDS = 7;

async function features({ threads, rounds = ROUNDS }: BenchOptions): Promise<Line[]> {
  const standings = await withInceptionInputs(BATCH, RESOLUTION, (inputs) => {
    const task = { batch: BATCH, resolution: RESOLUTION, threads, inputs };
    return take({ task, rounds, competitors: [strataInception, ...pyTorchInFormats("inception.py")] });
  });
  return linesOf(standings);
}

function linesOf([ours, ...peers]: Standing[]): Line[] {
  const own = [digits(ours.ms), digits((1000 * BATCH) / ours.ms), seconds(ours.startMs), gigabytes(ours.peakBytes)];
  if (peers.length === 0) return [{ cells: [...own, "no peer is installed", "", "", ""], data: { ours } }];
  return peers.map((peer) => {
    const ratio = timesAsFast(ours, peer);
    const theirs = [nameOf(peer.competing), digits(peer.ms), gigabytes(peer.peakBytes), ratio.toFixed(2)];
    return { cells: [...own, ...theirs], data: { ours, peer, timesAsFast: ratio } };
  });
}

export const featuresSection: Section = {
  title: "Features of the Inception network",
  columns: ["case", "ms", "images/s", "start, s", "GB", "peer", "ms", "GB", "times as fast"],
  cases: [
    {
      id: `features/inception-${BATCH}`,
      title: `features of images of ${RESOLUTION}×${RESOLUTION}, batch ${BATCH}`,
      run: features,
    },
  ],
};
