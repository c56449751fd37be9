/** @file Measures of sets of vectors as wide as Inception's features. Beside PyTorch. */
import { fileURLToPath } from "node:url";
import { Runtime } from "../../src/engine/index.js";
import { frechetDistance, momentsOf, precisionRecall, symmetricEigenvalues } from "../../src/quality/metrics/index.js";
import { keyFromSeed, normal } from "../../src/random/index.js";
import { interleave, type Timed } from "../measure.js";
import { Responder } from "../peers/responder.js";
import { pyTorchInstallations } from "../peers/systems.js";
import { type BenchOptions, type Case, digits, type Line, type Section } from "../suite.js";

const COUNT = 10_000;
const WIDTH = 2048;

type Work = "moments" | "eigenvalues" | "frechet" | "precision-recall";

interface Task {
  work: Work;
  count: number;
  width: number;
}

/** What is to be timed, everything it needs at hand. */
async function ourWork(work: Work, runtime: Runtime): Promise<Timed> {
  const [one, other] = [0, 1].map((seed) => normal(keyFromSeed(seed), COUNT * WIDTH));
  if (work === "moments") return () => momentsOf(one, WIDTH, { runtime });
  if (work === "precision-recall") return () => precisionRecall(one, other, WIDTH, { runtime });
  const [a, b] = [await momentsOf(one, WIDTH, { runtime }), await momentsOf(other, WIDTH, { runtime })];
  if (work === "eigenvalues") return () => symmetricEigenvalues(a.covariance, WIDTH);
  return () => frechetDistance(a, b, { runtime });
}

function startPeer(threads: number): Responder<Task> | undefined {
  const [installation] = pyTorchInstallations();
  if (!installation) return undefined;
  const script = fileURLToPath(new URL("../peers/pytorch/metrics.py", import.meta.url));
  return new Responder([installation.interpreter, "-B", script, String(threads)]);
}

async function measure(work: Work, { threads, rounds = 3 }: BenchOptions): Promise<Line[]> {
  const runtime = new Runtime({ threads });
  const peer = startPeer(threads);
  const works = [await ourWork(work, runtime)];
  if (peer) works.push(() => peer.do({ work, count: COUNT, width: WIDTH }));
  const [ms, peerMs] = await interleave(works, rounds);
  peer?.end();
  await runtime.dispose();
  const cells = peerMs === undefined ? ["not installed", ""] : [digits(peerMs), (peerMs / ms).toFixed(2)];
  return [{ cells: [digits(ms), ...cells], data: { ms, peerMs } }];
}

const titles: Record<Work, string> = {
  moments: `mean and covariance of ${COUNT} vectors of ${WIDTH}, float64`,
  eigenvalues: `eigenvalues of a symmetric matrix of ${WIDTH}²`,
  frechet: `Fréchet distance of moments of width ${WIDTH}`,
  "precision-recall": `precision and recall of ${COUNT} against ${COUNT} vectors of ${WIDTH}`,
};

export const metricsSection: Section = {
  title: "Measures of samples",
  columns: ["measure", "ms", "PyTorch, ms", "times as fast"],
  cases: (Object.keys(titles) as Work[]).map(
    (work): Case => ({ id: `metrics/${work}`, title: titles[work], run: (options) => measure(work, options) }),
  ),
};
