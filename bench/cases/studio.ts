/** @file The studio: from a request of the page to its pictures, through the server, its guard and its checks. */
import { openRuntime } from "../../src/engine/index.js";
import { openStudio } from "../../src/studio/studio.js";
import { interleave } from "../measure.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const RUN = "pretrained:emoji32";

/** Sixteen samples, all of one class. */
async function grid(guidance: { mean: number; variance: number } | undefined, options: BenchOptions): Promise<Line[]> {
  const { threads, rounds = 15 } = options;
  await using studio = await openStudio({ runs: [RUN], openRuntime: () => openRuntime({ threads }) });
  const { origin } = new URL(studio.url);
  const entered = await fetch(studio.url, { redirect: "manual" });
  const headers = { origin, cookie: entered.headers.get("set-cookie")!.split(";")[0] };
  const [{ id }] = (await (await fetch(`${origin}/api/models`, { headers })).json()) as { id: string }[];
  let seed = 0;
  const draw = async () => {
    const recipe = (sample: number) => ({ kind: "origin", origin: { seed, sample } });
    const pictures = Array.from({ length: 16 }, (_, sample) => ({ recipe: recipe(sample), label: 0, guidance }));
    const body = JSON.stringify({ pictures });
    const answer = await fetch(`${origin}/api/models/${id}/draw`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.arrayBuffer();
    seed++;
  };
  await draw();
  const [ms] = await interleave([draw], rounds);
  return [{ cells: [digits(ms)], data: { ms } }];
}

export const studioSection: Section = {
  title: "The studio: a grid of 16 pictures",
  columns: ["case", "ms"],
  cases: [
    { id: "studio/plain-16", title: `\`${RUN}\``, run: (options: BenchOptions) => grid(undefined, options) },
    {
      id: "studio/guided-16",
      title: `\`${RUN}\`, guided`,
      run: (options: BenchOptions) => grid({ mean: 2, variance: 0 }, options),
    },
  ] satisfies Case[],
};
