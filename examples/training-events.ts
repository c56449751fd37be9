/**
 * @file A training script of your own: goes through the events of a run, and stops when it has seen enough.
 *
 *     npx tsx examples/training-events.ts [nats] [folder]
 *
 * Leaving the loop saves a checkpoint; run it again to continue from there.
 */
import { openData, resolvePreset, train } from "strata-vae";

const [enough = "1500", out = "runs/events"] = process.argv.slice(2);

const config = resolvePreset("emoji32-small");
const data = await openData("emoji", { resolution: config.model.resolution });
const training = train({ config, data, out, resume: true });

for await (const event of training) {
  if (event.type === "start") console.log(`from step ${event.step} of ${event.totalSteps}`);
  if (event.type === "checkpoint") console.log(`saved ${event.folder}`);
  if (event.type !== "progress") continue;
  const { step, lossNats, imagesPerSecond, secondsLeft } = event;
  if (step % 10 === 1) {
    const time = Number.isFinite(secondsLeft) ? `${Math.ceil(secondsLeft / 60)} min left` : "";
    console.log(`step ${step}: loss ${lossNats.toFixed(0)} nats, ${imagesPerSecond.toFixed(0)} images/s, ${time}`);
  }
  if (lossNats < Number(enough)) break;
}

const { step, checkpoint } = await training;
console.log(`stopped at step ${step}: ${checkpoint}`);
