import { expect, test } from "vitest";
import { tinyConfig, tinySuperResolution } from "../../../test/support/tiny.js";
import { resolvePreset } from "../../config/index.js";
import { programName } from "../advice.js";
import { commandsToTry, commandsWhileTraining } from "./next-commands.js";

const program = programName();
const config = resolvePreset("emoji32-small");

test("commands that can be copied: half of the groups, quoted paths, images that there are", () => {
  const used = { run: "my run", config, source: "folder:a b", heldOut: false };
  const [sample, reconstruct, refine, inspect] = commandsToTry(used);
  expect(sample.command).toBe(`${program} sample --run 'my run' --count 64 --temperature 0.7 --out samples.png`);
  expect(reconstruct).toEqual({
    purpose: "what latent groups 0–4, the first 5, keep",
    command: `${program} reconstruct --run 'my run' --data 'folder:a b' --split train --count 16 --groups 5 --out partial.png`,
  });
  expect(refine.command).toBe(`${program} refine 'my run' --minutes 10`);
  expect(inspect.command).toBe(`${program} inspect 'my run'`);
  expect(commandsToTry({ run: "pretrained:emoji32", config })[1].command).toContain("--data SOURCE --count");
});

test("a refined run draws with its refinement; a model that ships, or that enlarges, is not to be refined", () => {
  const [first, ...others] = commandsToTry({ run: "runs/a", config: resolvePreset("glyphs32-small"), refined: true });
  expect(first.command).toBe(
    `${program} sample --run runs/a --refined --refine-guidance 1 --label all --temperature 0.7 --out refined.png`,
  );
  expect(others.map(({ command }) => command)).toContain(`${program} calibrate runs/a --refined --data SOURCE`);
  const [unlabelled] = commandsToTry({ run: "runs/a", config, refined: true });
  expect(unlabelled.command).toBe(`${program} sample --run runs/a --refined --temperature 0.7 --out refined.png`);
  const shipped = commandsToTry({ run: "pretrained:emoji32", config });
  const enlarging = commandsToTry({ run: "runs/b", config: tinyConfig({ model: tinySuperResolution }) });
  for (const { command } of [...others, ...shipped, ...enlarging]) expect(command).not.toContain(" refine ");
});

test("never more groups than the model has", () => {
  const [, reconstruct] = commandsToTry({ run: "runs/a", config: tinyConfig() }); // of three
  expect(reconstruct.purpose).toBe("what latent group 0 keeps");
  expect(reconstruct.command).toContain("--groups 1 ");
});

test("a super-resolution model needs another run to enlarge, and draws nothing for a report", () => {
  const used = { run: "runs/b", config: tinyConfig({ model: tinySuperResolution }), source: "emoji" };
  const commands = commandsWhileTraining(used).map(({ command }) => command);
  expect(commands[0]).toBe(`${program} sample --run BASE --superres runs/b --count 16 --out samples.png`);
  expect(commands.at(-1)).toBe(`${program} train --resume --data emoji --out runs/b`);
  expect(commandsWhileTraining({ ...used, config })[0].command).toBe(`${program} report runs/b`);
});
