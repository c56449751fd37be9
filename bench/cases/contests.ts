/** @file Contests with other systems: the same work on the same configurations. */
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { hold, type Standing, timesAsFast } from "../contest.js";
import {
  type Competing,
  inJavaScript,
  jax,
  nameOf,
  onXla,
  pyTorch,
  pyTorchAsPublished,
  pyTorchInBfloat16,
  strata,
} from "../peers/systems.js";
import type { Work } from "../protocol.js";
import { type BenchOptions, type Case, digits, gigabytes, type Line, type Section, seconds } from "../suite.js";
import { scaled } from "./scaled.js";

const COLUMNS = ["case", "ms", "images/s", "start, s", "GB", "peer", "ms", "GB", "times as fast"];

interface ContestCase {
  work: Work;
  preset: PresetName;
  batch: number;
  rounds: number;
  /** Besides the batch. */
  settings?: string[];
  /** What of the preset is changed, in the identifier and in words. */
  change?: { id: string; title: string };
  peers?: () => Competing[];
}

const VERB: Record<Work, string> = {
  train: "train step",
  generate: "generation",
  guide: "guided generation",
  reconstruct: "reconstruction",
};

function contest(
  group: string,
  { work, preset, batch, rounds, settings = [], change, peers = PEERS[work] }: ContestCase,
): Case {
  return {
    id: `${group}/${preset}-${batch}${change ? `-${change.id}` : ""}`,
    title: `${VERB[work]}, \`${preset}\`${change ? ` ${change.title}` : ""}, batch ${batch}`,
    run: async (options: BenchOptions) => {
      const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`, ...settings]);
      const { threads } = options;
      const competitors = [strata, ...peers()];
      const standings = await hold({ work, config, threads, rounds: options.rounds ?? rounds, competitors });
      return linesOf(standings, batch);
    },
  };
}

/** One line a peer, or one line without. */
function linesOf([ours, ...peers]: Standing[], batch: number): Line[] {
  const own = [digits(ours.ms), digits((1000 * batch) / ours.ms), seconds(ours.startMs), gigabytes(ours.peakBytes)];
  if (peers.length === 0) return [{ cells: [...own, "no peer is installed", "", "", ""], data: { ours } }];
  return peers.map((peer) => {
    const ratio = timesAsFast(ours, peer);
    const theirs = [nameOf(peer.competing), digits(peer.ms), gigabytes(peer.peakBytes), ratio.toFixed(2)];
    return { cells: [...own, ...theirs], data: { ours, peer, timesAsFast: ratio } };
  });
}

/** A contest of work that its list names. */
type Entry = Omit<ContestCase, "work">;

const train: Entry[] = [
  { preset: "emoji32-small", batch: 16, rounds: 31 },
  { preset: "cifar10-small", batch: 8, rounds: 15 },
  { preset: "emoji32", batch: 4, rounds: 6 },
  { preset: "cifar10", batch: 4, rounds: 7 },
  { preset: "cifar10", batch: 8, rounds: 5 },
];

const generate: Entry[] = [
  { preset: "emoji32-small", batch: 1, rounds: 41 },
  { preset: "emoji32-small", batch: 4, rounds: 41 },
  { preset: "emoji32-small", batch: 16, rounds: 31 },
  { preset: "cifar10", batch: 1, rounds: 21 },
  { preset: "cifar10", batch: 4, rounds: 15 },
  { preset: "cifar10", batch: 16, rounds: 5 },
];

/** The published width, with classes. */
const wide = {
  preset: "cifar10" as const,
  settings: ["model.classes=10"],
  change: { id: "classes", title: "with 10 classes" },
};

const guided: Entry[] = [
  { preset: "emoji32", batch: 1, rounds: 41 },
  { preset: "emoji32", batch: 4, rounds: 31 },
  { preset: "emoji32", batch: 16, rounds: 15 },
  { ...wide, batch: 1, rounds: 15 },
  { ...wide, batch: 4, rounds: 11 },
  { ...wide, batch: 16, rounds: 5 },
];

/** Everything written in Python that does this work on a processor. */
const PEERS: Record<Work, () => Competing[]> = {
  train: () => [...pyTorch(), ...pyTorchInBfloat16(), ...jax()],
  generate: () => [...pyTorch(), ...pyTorchInBfloat16(), ...jax()],
  guide: () => [...pyTorch(), ...pyTorchInBfloat16(), ...pyTorchAsPublished()],
  reconstruct: () => [...pyTorch(), ...pyTorchInBfloat16()],
};

const reconstruct: Entry[] = [
  { preset: "emoji32-small", batch: 16, rounds: 31 },
  { preset: "cifar10", batch: 4, rounds: 11 },
];

const byXla = (): Competing[] => [...onXla(), ...jax()];
const xla = (["train", "generate"] as const).map((work) =>
  contest("xla", {
    work,
    preset: "emoji32-small",
    batch: 16,
    rounds: 21,
    change: { id: work, title: "beside XLA" },
    peers: byXla,
  }),
);

const batches: Entry[] = [1, 2, 4, 8].map((batch) => ({ preset: "emoji32-small", batch, rounds: 31 }));
const factors = [
  [0.5, "half", "×½"],
  [1, "same", "×1"],
  [2, "double", "×2"],
] as const;

const contests = (group: string, work: Work, list: Entry[]): Case[] =>
  list.map((one) => contest(group, { ...one, work }));

const scaling = (dimension: "width" | "depth"): Case[] =>
  factors.map(([factor, name, sign]) =>
    contest("scaling", {
      work: "train",
      preset: "cifar10-small",
      batch: 4,
      rounds: 11,
      settings: scaled("cifar10-small", { [dimension]: factor }),
      change: { id: `${dimension}-${name}`, title: `${dimension} ${sign}` },
    }),
  );

const small = contest("small", {
  work: "train",
  preset: "emoji32-small",
  batch: 1,
  rounds: 5,
  settings: scaled("emoji32-small", { width: 0.5 }),
  change: { id: "width-half", title: "width ×½" },
  peers: inJavaScript,
});

export const contestSections: Section[] = [
  { title: "Training", columns: COLUMNS, cases: contests("train", "train", train) },
  { title: "Generation", columns: COLUMNS, cases: contests("generate", "generate", generate) },
  {
    title: "Generation with guidance, beside PyTorch with two states kept apart",
    columns: COLUMNS,
    cases: contests("guidance", "guide", guided),
  },
  { title: "Reconstruction", columns: COLUMNS, cases: contests("reconstruct", "reconstruct", reconstruct) },
  {
    title: "Scaling with batch, width and depth",
    columns: COLUMNS,
    cases: [...contests("scaling", "train", batches), ...scaling("width"), ...scaling("depth")],
  },
  { title: "On XLA, by Strata and by JAX", columns: COLUMNS, cases: xla },
  { title: "Beside systems of JavaScript", columns: COLUMNS, cases: [small] },
];
