/** @file That the peers do the same work: their results from the same parameters, images and noise. */
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { agreements } from "../agreement.js";
import { type Competing, inJavaScript, jax, nameOf, onXla, pyTorch } from "../peers/systems.js";
import type { Work } from "../protocol.js";
import type { Case, Section } from "../suite.js";
import { scaled } from "./scaled.js";

/** What XLA runs: Strata's own programs, and JAX's. */
const byXla = (): Competing[] => [...onXla(), ...jax()];

function comparison(
  work: Work,
  preset: PresetName,
  batch: number,
  settings: string[] = [],
  peers: () => Competing[] = pyTorch,
): Case {
  return {
    id: `same/${work}-${preset}-${batch}`,
    title: `${work}, \`${preset}\`, batch ${batch}`,
    run: async ({ threads }) => {
      const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`, ...settings]);
      const found = await agreements({ work, config, threads, peers: peers() });
      return found.map((agreement) => ({
        cells: [nameOf(agreement.competing), agreement.deviation.toExponential(1)],
        data: agreement,
      }));
    },
  };
}

export const agreementSection: Section = {
  title: "The same work: largest relative difference of loss and gradient norm over three steps, or of bytes' moments",
  columns: ["work", "peer", "difference"],
  cases: [
    comparison("train", "emoji32-small", 16),
    comparison("train", "emoji32", 1),
    comparison("train", "cifar10", 1),
    comparison("generate", "cifar10", 1),
    comparison("guide", "emoji32", 4),
    comparison("guide", "cifar10", 1, ["model.classes=10"]),
    comparison("reconstruct", "cifar10", 1),
    comparison("train", "emoji32-small", 4, [], byXla),
    comparison("train", "emoji32", 2, [], byXla),
    comparison("generate", "emoji32-small", 4, [], byXla),
    comparison("train", "emoji32-small", 1, scaled("emoji32-small", { width: 0.5 }), inJavaScript),
  ],
};
