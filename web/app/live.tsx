/** @file Live: runs while they are trained, and after: curves, information against its target, pictures, notices. */
import { useEffect, useState } from "preact/hooks";
import type { RunSummary } from "./backend.js";
import { Chart, type Series } from "./chart.js";
import { stratum } from "./group-bars.js";
import { EMPTY_LOG, type LiveStore, type RunLog } from "./live-store.js";
import type { Store } from "./store.js";

/** Runs side by side. */
const MOST_WATCHED = 6;
/** Time that a step stays when they are played. */
const PLAY_MS = 450;
/** A mean over fewer lines is too rough to follow, over more it lags. */
const SMOOTHED = 600;

interface Watched {
  run: RunSummary;
  log: RunLog;
  colour: number;
}

export function Live({ store, live }: { store: Store; live: LiveStore }) {
  const { settings } = store;
  const runs = live.runs.value;
  const chosen = settings.value.runs;
  const first = runs?.find(({ training }) => training) ?? runs?.[0];
  const wanted = chosen.length > 0 ? chosen : first ? [first.id] : [];
  const key = wanted.join();
  useEffect(() => {
    live.watch(wanted);
    return () => live.stop();
  }, [key, live]);
  const watched = wanted.flatMap((id, colour): Watched[] => {
    const run = runs?.find((each) => each.id === id);
    return run ? [{ run, log: live.logs.value[id] ?? EMPTY_LOG, colour }] : [];
  });
  const toggle = (id: string) => {
    const others = wanted.filter((each) => each !== id);
    const next = wanted.includes(id) ? others : [...others, id].slice(-MOST_WATCHED);
    store.change({ runs: next.length > 0 ? next : [id] });
  };
  return (
    <div class="live">
      <div class="runs panel" role="group" aria-label="Runs to watch">
        <h2>Runs</h2>
        {live.connected.value ? null : (
          <p class="notice warn" role="status">
            Connection lost. Trying again …
          </p>
        )}
        {runs?.length === 0 ? <p class="hint">No run yet. One that begins appears here by itself.</p> : null}
        <ul>
          {runs?.map((run) => (
            <li key={run.id}>
              <RunChoice run={run} colour={wanted.indexOf(run.id)} onToggle={() => toggle(run.id)} />
            </li>
          ))}
        </ul>
      </div>
      <div class="dashboard">
        {watched.length === 0 && runs !== undefined && runs.length > 0 ? (
          <p class="waiting" role="status">
            This run is not there any more. Choose another.
          </p>
        ) : null}
        <div class="cards">
          {watched.map((each) => (
            <Card key={each.run.id} {...each} onPlay={() => play(store, each.run.id)} />
          ))}
        </div>
        <Pictures live={live} watched={watched} />
        <div class="charts">
          <Curves live={live} watched={watched} />
        </div>
        <div class="targets">
          {watched.map((each) => (
            <Targets key={each.run.id} {...each} step={live.step.value} single={watched.length === 1} />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Plays with the model of a run. */
function play(store: Store, id: string): void {
  store.change({ view: "play" });
  void store.open(id);
}

function RunChoice({ run, colour, onToggle }: { run: RunSummary; colour: number; onToggle: () => void }) {
  const { name, training, step, totalSteps, problem } = run;
  const state = problem ? "cannot be read" : training ? "training" : step >= totalSteps ? "finished" : "stopped";
  return (
    <button
      type="button"
      class={`run ${colour >= 0 ? `chosen run-${colour % 6}` : ""}`}
      aria-pressed={colour >= 0}
      title={run.run}
      onClick={onToggle}
    >
      <i class="dot" />
      <span class="name">{name}</span>
      <span class={`state ${training ? "now" : ""}`}>{state}</span>
    </button>
  );
}

const thousands = (value: number): string => value.toLocaleString("en");

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A run at a glance. */
function Card({ run, log, colour, onPlay }: Watched & { onPlay: () => void }) {
  const last = log.train.at(-1);
  const bound = log.heldOut.at(-1) ?? log.onTraining.at(-1);
  const finite = log.heldOut.filter(({ bitsPerDim }) => bitsPerDim !== null);
  const best = finite.length > 0 ? Math.min(...finite.map(({ bitsPerDim }) => bitsPerDim)) : undefined;
  const step = Math.max(run.step, last?.step ?? 0);
  const share = run.totalSteps > 0 ? Math.min(step / run.totalSteps, 1) : 0;
  const left =
    last && share < 1 && run.training ? (last.seconds / Math.max(last.step, 1)) * (run.totalSteps - step) : 0;
  const figures: [string, string][] = [
    ["step", `${thousands(step)} / ${thousands(run.totalSteps)}`],
    [
      log.heldOut.length > 0 ? "held-out bound" : "bound on training images",
      bound ? `${bound.bitsPerDim?.toFixed(3) ?? "–"} bits/dim` : "–",
    ],
    ["best so far", best === undefined ? "–" : `${best.toFixed(3)} bits/dim`],
    ["speed", last ? `${last.imagesPerSecond?.toFixed(1) ?? "–"} images/s` : "–"],
    [left > 0 ? "time left, about" : "time", left > 0 ? duration(left) : last ? duration(last.seconds) : "–"],
  ];
  return (
    <section class={`card panel run-${colour % 6}`} aria-label={run.name}>
      <header>
        <i class="dot" />
        <h2>{run.name}</h2>
        {run.training ? <span class="badge">live</span> : null}
        {run.playable ? (
          <button type="button" class="quiet" onClick={onPlay}>
            Play with it
          </button>
        ) : null}
      </header>
      <progress value={share} max={1} aria-label={`Progress of ${run.name}`} />
      <dl>
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {run.problem ? (
        <p class="notice bad" role="alert">
          {run.problem}
        </p>
      ) : null}
      {log.broken > 0 ? (
        <p class="notice warn" role="alert">
          {log.broken === 1 ? "One line" : `${thousands(log.broken)} lines`} of metrics.jsonl cannot be read, and{" "}
          {log.broken === 1 ? "is" : "are"} left out.
        </p>
      ) : null}
      {run.notices.map((notice) => (
        <p key={notice} class="notice">
          {notice}
        </p>
      ))}
    </section>
  );
}

/** Bits per dimension of nats per image. */
const bitsPerDim = (nats: number | null, resolution: number): number | null =>
  nats === null ? null : nats / (Math.LN2 * 3 * resolution ** 2);

/** Every so many lines one, their mean: a long run has more than a screen has pixels. */
function thinned(points: { step: number; value: number | null }[]): { step: number; value: number | null }[] {
  const size = Math.ceil(points.length / SMOOTHED);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    const values = part.flatMap(({ value }) => (value === null ? [] : [value]));
    const mean = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
    return { step: part.at(-1)!.step, value: mean };
  });
}

function Curves({ live, watched }: { live: LiveStore; watched: Watched[] }) {
  const marked = live.step.value;
  const several = watched.length > 1;
  const named = (name: string, { run }: Watched) => (several ? `${run.name}: ${name}` : name);
  const bounds = watched.flatMap((each): Series[] => [
    {
      ...{ name: named("held-out images", each), colour: each.colour },
      points: each.log.heldOut.map(({ step, bitsPerDim: value }) => ({ step, value })),
    },
    {
      ...{ name: named("training images", each), colour: each.colour, dashed: true },
      points: each.log.onTraining.map(({ step, bitsPerDim: value }) => ({ step, value })),
    },
  ]);
  const ofTraining = (name: "lossNats" | "distortionNats" | "klNats", words: string) =>
    watched.map(
      (each): Series => ({
        ...{ name: named(words, each), colour: each.colour },
        points: thinned(
          each.log.train.map((line) => ({ step: line.step, value: bitsPerDim(line[name], each.run.resolution ?? 1) })),
        ),
      }),
    );
  const plain = (name: "learningRate" | "imagesPerSecond", words: string) =>
    watched.map(
      (each): Series => ({
        ...{ name: named(words, each), colour: each.colour },
        points: thinned(each.log.train.map((line) => ({ step: line.step, value: line[name] }))),
      }),
    );
  const rates = plain("learningRate", "learning rate");
  const speeds = plain("imagesPerSecond", "speed");
  return (
    <>
      <Chart title="Bound" unit="bits/dim; dashed on training images" series={bounds} marked={marked} />
      <Chart title="Objective" unit="bits/dim" series={ofTraining("lossNats", "objective")} marked={marked} />
      <Chart title="Distortion" unit="bits/dim" series={ofTraining("distortionNats", "distortion")} marked={marked} />
      <Chart title="KL" unit="bits/dim, unweighted" series={ofTraining("klNats", "KL")} marked={marked} />
      <Chart title="Learning rate" unit="" series={rates} marked={marked} />
      <Chart title="Speed" unit="images/s" series={speeds} marked={marked} />
    </>
  );
}

/** Every grid of pictures on one slider, of all runs side by side. */
function Pictures({ live, watched }: { live: LiveStore; watched: Watched[] }) {
  const [kind, setKind] = useState<"samples" | "reconstructions">("samples");
  const [playing, setPlaying] = useState(false);
  const steps = [...new Set(watched.flatMap(({ log }) => log.steps))].sort((a, b) => a - b);
  const newest = steps.length - 1;
  const wanted = live.step.value;
  const found = wanted === null ? newest : steps.findLastIndex((step) => step <= wanted);
  const index = Math.max(found, 0);
  const show = (next: number) => {
    live.step.value = next >= newest ? null : steps[next];
  };
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (index >= newest) setPlaying(false);
      else show(index + 1);
    }, PLAY_MS);
    return () => clearTimeout(timer);
  });
  const begin = () => {
    if (!playing && index >= newest) live.step.value = steps[0] ?? null;
    setPlaying(!playing);
  };
  if (steps.length === 0) {
    return (
      <section class="pictures panel">
        <h2>Pictures</h2>
        <p class="hint">The first grid of samples comes with the first evaluation.</p>
      </section>
    );
  }
  return (
    <section class="pictures panel" aria-labelledby="pictures-title">
      <header>
        <h2 id="pictures-title">Pictures</h2>
        <div class="segments" role="group" aria-label="Kind of pictures">
          {(["samples", "reconstructions"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
              {each}
            </button>
          ))}
        </div>
      </header>
      <div class="scrubber">
        <button type="button" aria-label={playing ? "Pause" : "Play the steps"} onClick={begin}>
          {playing ? "❚❚" : "▶"}
        </button>
        <input
          type="range"
          min={0}
          max={newest}
          step={1}
          value={index}
          aria-label="Step of the pictures"
          aria-valuetext={`step ${steps[index]}`}
          onInput={({ currentTarget }) => {
            setPlaying(false);
            show(Number(currentTarget.value));
          }}
        />
        <output>
          step {thousands(steps[index])}
          {wanted === null ? " (newest)" : ""}
        </output>
      </div>
      <div class="grids">
        {watched.map(({ run, log, colour }) => {
          const step = log.steps.findLast((each) => each <= steps[index]);
          return (
            <figure key={run.id} class={`run-${colour % 6}`}>
              {step === undefined ? (
                <p class="hint">no pictures up to here</p>
              ) : (
                <img
                  src={live.backend.gridUrl(run.id, step, kind)}
                  alt={`${kind === "samples" ? "Samples" : "Originals above their reconstructions"} of ${run.name} at step ${step}`}
                />
              )}
              {watched.length > 1 ? (
                <figcaption>
                  <i class="dot" /> {run.name}
                  {step === undefined ? "" : `, step ${thousands(step)}`}
                </figcaption>
              ) : null}
            </figure>
          );
        })}
      </div>
    </section>
  );
}

/** Information of every group beside its target, at the step of the slider. */
function Targets({ run, log, colour, step, single }: Watched & { step: number | null; single: boolean }) {
  const groups = log.run?.groups ?? [];
  const line = step === null ? log.train.at(-1) : (log.train.findLast((each) => each.step <= step) ?? log.train[0]);
  if (!line || groups.length === 0) return null;
  const nats = line.groupKlNats.map((value) => value ?? 0);
  const total = nats.reduce((sum, value) => sum + value, 0);
  const aimed = groups.map(({ share }) => (share === null ? null : share * total));
  const largest = Math.max(1e-9, ...nats, ...aimed.map((value) => value ?? 0));
  const height = (value: number) => `${100 * Math.sqrt(value / largest)}%`;
  const summaries = groups.map(({ index, resolution, channels, share }) => ({
    index,
    resolution,
    channels,
    share,
    klNats: null,
  }));
  return (
    <section class={`panel target-bars run-${colour % 6}`} aria-label={`Information per group of ${run.name}`}>
      <header>
        <h2>{single ? "Information per group" : run.name}</h2>
        <span class="hint">
          step {thousands(line.step)} · {(total / Math.LN2).toFixed(0)} bits · line: target
        </span>
      </header>
      <div
        class="columns"
        role="img"
        aria-label={groups.map(({ index }) => `group ${index}: ${(nats[index] / Math.LN2).toFixed(1)} bits`).join(", ")}
      >
        {groups.map(({ index, resolution }) => (
          <span
            key={index}
            class={`column s${stratum(summaries, resolution)}`}
            title={`group ${index}, ${resolution}²: ${(nats[index] / Math.LN2).toFixed(2)} bits`}
          >
            <span class="fill" style={{ height: height(nats[index]) }} />
            {aimed[index] === null ? null : <span class="target" style={{ bottom: height(aimed[index]) }} />}
            <span class="name">{groups[index - 1]?.resolution === resolution ? "" : `${resolution}²`}</span>
          </span>
        ))}
      </div>
    </section>
  );
}
