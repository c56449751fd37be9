/** @file The share of a training run in which neither gradients nor updates are computed: data, noise, bookkeeping, messages. */
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";
import { openData } from "../../src/data/index.js";
import { Runtime, spec } from "../../src/engine/index.js";
import type { TrainingEvent } from "../../src/training/events.js";
import { train } from "../../src/training/train.js";
import { median } from "../measure.js";
import { withFolder } from "../scratch.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

/** Steps before those that count; step 50 is the first to show pictures, and must not be among them. */
const WARM_UPS = 10;
const LAST = 49;
const MESSAGES = 200;

/** A runtime that knows for how long it has been asked to compute. */
class WatchedRuntime extends Runtime {
  busyMs = 0;
  runs = 0;
  #underWay = 0;
  #since = 0;

  override async request(request: Parameters<Runtime["request"]>[0]): Promise<unknown> {
    if (request.kind !== "run" && request.kind !== "apply") return super.request(request);
    if (this.#underWay++ === 0) this.#since = performance.now();
    this.runs++;
    try {
      return await super.request(request);
    } finally {
      if (--this.#underWay === 0) this.busyMs += performance.now() - this.#since;
    }
  }

  /** Milliseconds that a request and its answer take by themselves: they are within `busyMs`, once a run. */
  async messageMs(): Promise<number> {
    const array = this.put(new Float32Array(1), spec([1]));
    const times: number[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      const began = performance.now();
      await array.read();
      times.push(performance.now() - began);
    }
    array.dispose();
    return median(times);
  }
}

interface Segment {
  preset: PresetName;
  batch: number;
}

/** A piece of a real run, between its first steps and an interruption. */
async function outside({ preset, batch }: Segment, { threads }: BenchOptions): Promise<Line[]> {
  const config = applySettings(resolvePreset(preset), [`training.batchSize=${batch}`]);
  const data = await openData("emoji", { resolution: config.model.resolution });
  const runtime = new WatchedRuntime({ threads });
  const enough = new AbortController();
  const reading = () => ({ at: performance.now(), busyMs: runtime.busyMs, runs: runtime.runs });
  let [start, end] = [reading(), reading()];
  const onEvent = (event: TrainingEvent) => {
    if (event.type !== "progress") return;
    if (event.step === WARM_UPS) start = reading();
    if (event.step === LAST) {
      end = reading();
      enough.abort();
    }
  };
  const { dataWaitShare } = await withFolder((out) =>
    train({ config, data, out, runtime, signal: enough.signal, onEvent }),
  );
  const wallMs = end.at - start.at;
  const messagesMs = (end.runs - start.runs) * (await runtime.messageMs());
  const outsideMs = wallMs - (end.busyMs - start.busyMs) + messagesMs;
  await runtime.dispose();
  const stepMs = wallMs / (LAST - WARM_UPS);
  const shares = { outside: outsideMs / wallMs, messages: messagesMs / wallMs, waiting: dataWaitShare };
  const percents = Object.values(shares).map((share) => `${(100 * share).toFixed(2)} %`);
  return [{ cells: [digits(stepMs), ...percents], data: { stepMs, ...shares } }];
}

const segments: Segment[] = [
  { preset: "emoji32-small", batch: 16 },
  { preset: "cifar10-small", batch: 8 },
];

export const overheadSection: Section = {
  title: "Training without computing gradients or updates",
  columns: ["run", "step, ms", "share of the time", "of it messages", "waiting for images"],
  cases: segments.map(
    (segment): Case => ({
      id: `overhead/${segment.preset}`,
      title: `\`${segment.preset}\`, batch ${segment.batch}`,
      run: (options) => outside(segment, options),
    }),
  ),
};
