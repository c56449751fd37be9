/** @file Play: the pictures of a model, and everything that makes them. */
import { useState } from "preact/hooks";
import type { ModelSummary } from "./backend.js";
import { CodePanel } from "./code-panel.js";
import { download, npzOf, pngOf } from "./files.js";
import { GroupBars } from "./group-bars.js";
import { GuidancePad } from "./guidance-pad.js";
import { GuidanceRow } from "./guidance-row.js";
import { Pixels } from "./pixels.js";
import { labelName, refinedWeight, sceneKind } from "./scene.js";
import { DEFAULTS, LARGEST_SEED, LARGEST_TEMPERATURE, SIDES, shownTemperature } from "./settings.js";
import type { Store } from "./store.js";

export function Play({ store }: { store: Store }) {
  const opened = store.model.value;
  if (!opened) return <Waiting store={store} />;
  const model = opened.summary;
  return (
    <div class="play">
      <Toolbar store={store} model={model} />
      <section class="panel stage" aria-label="Pictures">
        <Banner store={store} model={model} />
        <Tiles store={store} model={model} />
        <Footer store={store} model={model} device={opened.device} />
      </section>
      <section class="panel left" aria-labelledby="groups-title">
        <h2 id="groups-title">Latent groups</h2>
        <Groups store={store} model={model} />
      </section>
      <div class="right">
        {model.refinement ? (
          <section class="panel" aria-labelledby="refinement-title">
            <h2 id="refinement-title">Refinement</h2>
            <Refinement store={store} model={model} />
          </section>
        ) : null}
        {model.classes.length > 0 ? (
          <section class="panel" aria-labelledby="guidance-title">
            <h2 id="guidance-title">Guidance</h2>
            <Guidance store={store} model={model} />
          </section>
        ) : null}
        <section class="panel" aria-labelledby="temperature-title">
          <h2 id="temperature-title">Temperature</h2>
          <Temperatures store={store} model={model} />
        </section>
      </div>
      <section class="panel code-panel" aria-label="The same as code">
        <CodePanel store={store} model={model} />
      </section>
    </div>
  );
}

/** Until a model is there: what is being done, what went wrong, or that there is none. */
function Waiting({ store }: { store: Store }) {
  const opening = store.opening.value;
  const { settings, models } = store;
  if (opening.state === "failed") {
    return (
      <div class="waiting" role="alert">
        <p>{opening.message}</p>
        <button type="button" class="primary" onClick={() => store.open(settings.value.model)}>
          Try again
        </button>
      </div>
    );
  }
  if (models.value?.length === 0) {
    return (
      <div class="waiting" role="status">
        <h2>No model to play with yet</h2>
        <p>A run appears here with its first checkpoint. Until then, watch it under Live.</p>
      </div>
    );
  }
  const doing = opening.state === "opening" ? opening.doing : "looking for models";
  const share = opening.state === "opening" ? opening.share : undefined;
  return (
    <div class="waiting" role="status">
      <div class="strata-loader" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <p>{doing} …</p>
      {share === undefined ? null : <progress value={share} max={1} aria-label={doing} />}
    </div>
  );
}

type Part = { store: Store; model: ModelSummary };

function Toolbar({ store, model }: Part) {
  const { label, seed, side, enlarger, origin, end } = store.settings.value;
  const hasImage = origin === "image" || end === "image"; // an image is encoded with its class
  const anew = () => store.change({ seed: Math.floor(Math.random() * (LARGEST_SEED + 1)) });
  return (
    <div class="toolbar panel" role="group" aria-label="What is drawn">
      {model.classes.length > 0 ? (
        <label class="field">
          <span>Class</span>
          <select
            value={label === null ? "" : String(label)}
            onChange={({ currentTarget: { value } }) => store.change({ label: value === "" ? null : Number(value) })}
          >
            <option value="" disabled={hasImage}>
              as in training
            </option>
            {model.classes.map((name, index) => (
              <option key={name} value={String(index)}>
                {name}
              </option>
            ))}
            <option value={String(model.classes.length)} disabled={hasImage}>
              no label
            </option>
          </select>
        </label>
      ) : null}
      <label class="field">
        <span>Seed</span>
        <input
          class="seed"
          type="number"
          min={0}
          max={LARGEST_SEED}
          step={1}
          value={seed}
          onChange={({ currentTarget }) => {
            const value = Math.round(Number(currentTarget.value));
            if (value >= 0 && value <= LARGEST_SEED) store.change({ seed: value });
            else currentTarget.value = String(seed);
          }}
        />
      </label>
      <button type="button" class="primary" onClick={anew}>
        <Dice /> Draw anew
      </button>
      <FileButton store={store} as="origin" text="Your picture…" />
      <label class="field">
        <span>Grid</span>
        <select value={String(side)} onChange={({ currentTarget: { value } }) => store.change({ side: Number(value) })}>
          {SIDES.map((each) => (
            <option key={each} value={String(each)}>
              {each} × {each}
            </option>
          ))}
        </select>
      </label>
      {model.enlargers.length > 0 ? (
        <label class="field">
          <span>Enlarge with</span>
          <select
            value={enlarger ?? ""}
            onChange={({ currentTarget: { value } }) => store.change({ enlarger: value || null })}
          >
            <option value="">nothing</option>
            {model.enlargers.map(({ id, name, resolution }) => (
              <option key={id} value={id}>
                {name} ({resolution}²)
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <button type="button" class="quiet push" onClick={() => store.reset()}>
        Reset
      </button>
    </div>
  );
}

const Dice = () => (
  <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <rect x="1.5" y="1.5" width="13" height="13" rx="3" fill="none" stroke="currentColor" stroke-width="1.5" />
    <circle cx="5" cy="5" r="1.3" fill="currentColor" />
    <circle cx="11" cy="11" r="1.3" fill="currentColor" />
    <circle cx="8" cy="8" r="1.3" fill="currentColor" />
  </svg>
);

/** A button that is an input of files: the keyboard reaches it as any other. */
function FileButton({ store, as, text }: { store: Store; as: "origin" | "end"; text: string }) {
  return (
    <label class="file-button">
      <input
        type="file"
        accept="image/*"
        aria-label={text.replace("…", "")}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) store.drop(file, as);
          currentTarget.value = "";
        }}
      />
      <span aria-hidden="true">{text}</span>
    </label>
  );
}

/** What the grid shows, and the ways on from there. */
function Banner({ store, model }: Part) {
  const { settings, asking, choosingEnd, images } = store;
  const { origin, end } = settings.value;
  if (asking.value) return <AskClass store={store} model={model} />;
  if (choosingEnd.value) {
    return (
      <div class="banner">
        <p>Choose the picture where the path ends, or</p>
        <FileButton store={store} as="end" text="another of yours…" />
        <button
          type="button"
          class="quiet"
          onClick={() => {
            choosingEnd.value = false;
          }}
        >
          Cancel
        </button>
      </div>
    );
  }
  const name = (each: typeof origin, image?: { file: File }) =>
    each === "image" ? (image?.file.name ?? "your picture") : each ? `sample ${each.sample}` : "";
  const kind = sceneKind(settings.value);
  if (kind === "samples") {
    return (
      <div class="banner">
        <p>Samples of seed {settings.value.seed}. Choose one to vary it, or drop a picture of yours.</p>
      </div>
    );
  }
  const from = name(origin, images.value.origin);
  return (
    <div class="banner">
      <p>
        {kind === "variations" ? (
          <>
            <b>{from}</b>, and others that keep its first {settings.value.keep} of {model.groups.length} groups
          </>
        ) : (
          <>
            From <b>{from}</b> to <b>{name(end, images.value.end)}</b>, changing the first {settings.value.keep} groups
          </>
        )}
      </p>
      {kind === "variations" ? (
        <button
          type="button"
          onClick={() => {
            choosingEnd.value = true;
          }}
        >
          Path to another…
        </button>
      ) : (
        <button type="button" onClick={() => store.change({ end: null, keep: Math.ceil(model.groups.length / 2) })}>
          Variations
        </button>
      )}
      <button type="button" class="quiet" onClick={() => store.leave()}>
        All samples
      </button>
    </div>
  );
}

/** A model with classes encodes an image together with its class. */
function AskClass({ store, model }: Part) {
  const { file, as } = store.asking.value!;
  const [chosen, choose] = useState(0);
  return (
    <form
      class="banner"
      onSubmit={(event) => {
        event.preventDefault();
        store.take(file, as, chosen);
      }}
    >
      <label class="field">
        <span>
          What is <b>{file.name}</b>?
        </span>
        <select autofocus value={String(chosen)} onChange={({ currentTarget: { value } }) => choose(Number(value))}>
          {model.classes.map((name, index) => (
            <option key={name} value={String(index)}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary">
        Encode
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          store.asking.value = undefined;
        }}
      >
        Cancel
      </button>
    </form>
  );
}

function Tiles({ store, model }: Part) {
  const { grid, settings, choosingEnd } = store;
  const { side } = settings.value;
  const { pictures, recipes, stale } = grid.value;
  const kind = choosingEnd.value ? "samples" : sceneKind(settings.value);
  const count = side ** 2;
  const numbers = Array.from({ length: count }, (_, index) => index);
  return (
    <div class={`tiles n${side} ${stale ? "stale" : ""}`} data-testid="tiles">
      {numbers.map((index) => {
        const name = labelName(recipes[index]?.label, model);
        const suffix = name ? `, ${name}` : "";
        const picture = <Pixels picture={pictures[index]} />;
        if (kind === "samples") {
          const what = choosingEnd.value ? "the path ends here" : "vary it";
          return (
            <button
              key={index}
              type="button"
              class="tile"
              title={`${index}${suffix}`}
              aria-label={`Sample ${index}${suffix}: ${what}`}
              onClick={() => store.pick(index)}
            >
              {picture}
            </button>
          );
        }
        const isEnd = index === 0 || (kind === "path" && index === count - 1);
        const what =
          kind === "path" ? `Step ${index} of ${count - 1}` : index === 0 ? "The original" : `Variation ${index}`;
        return (
          <div key={index} class={`tile ${isEnd ? "original" : ""}`} role="img" aria-label={`${what}${suffix}`}>
            {picture}
          </div>
        );
      })}
    </div>
  );
}

/** What was drawn how fast, and the files of it. */
function Footer({ store, model, device }: Part & { device: string }) {
  const { grid, settings } = store;
  const { pictures, recipes, stale, ms } = grid.value;
  const drawn = pictures.filter((picture) => picture !== undefined);
  const whole = !stale && drawn.length === recipes.length && drawn.length > 0;
  const save = (action: () => Promise<void> | void) => () => {
    Promise.resolve(action()).catch((error) => store.fail(error));
  };
  return (
    <div class="footer">
      <p role="status" class="status">
        {stale ? "drawing …" : whole ? `${drawn.length} pictures${ms ? `, ${ms.toFixed(0)} ms` : ""}` : ""} · {device}
      </p>
      <span class="actions">
        <button
          type="button"
          disabled={!whole}
          onClick={save(async () => download(await pngOf(drawn, settings.value.side), `${model.name}.png`))}
        >
          PNG
        </button>
        <button
          type="button"
          disabled={!whole}
          onClick={save(() =>
            download(
              npzOf(
                drawn,
                recipes.map(({ label }) => label),
              ),
              `${model.name}.npz`,
            ),
          )}
        >
          npz
        </button>
      </span>
    </div>
  );
}

function Groups({ store, model }: Part) {
  const { settings, groupKlNats, images } = store;
  const { origin, keep, end } = settings.value;
  const own = origin === "image" && images.value.origin?.encoded !== undefined;
  const path = end !== null;
  return (
    <GroupBars
      groups={model.groups}
      klNats={groupKlNats.value}
      whose={own ? "of your picture" : "of a mean picture"}
      keep={origin === null ? 0 : keep}
      verbs={path ? { above: "change", below: "leave" } : { above: "keep", below: "draw anew" }}
      onKeep={(groups) => store.keep(groups)}
    />
  );
}

/** Whether the refinement draws the first groups. */
function Refinement({ store, model }: Part) {
  const { refined, origin, end } = store.settings.value;
  const { groups, shown } = model.refinement!;
  const hasImage = origin === "image" || end === "image";
  const turn = (on: boolean) =>
    store.change(
      on
        ? { refined: shown.guidance, temperature: shownTemperature(model.refinement!), guidance: DEFAULTS.guidance }
        : { refined: "off", temperature: DEFAULTS.temperature },
    );
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={refined !== "off" && !hasImage}
          disabled={hasImage}
          onChange={({ currentTarget }) => turn(currentTarget.checked)}
        />
        <span>
          draws the first {groups} of {model.groups.length} groups
        </span>
      </label>
      <p class="hint">
        {hasImage
          ? "Your picture comes with noise of the model's own prior, which draws it."
          : "A second stage, trained on the latents of images. Without it the model's own prior draws all groups."}
      </p>
    </>
  );
}

function Guidance({ store, model }: Part) {
  const { guidance, label } = store.settings.value;
  if (label === model.classes.length)
    return <p class="hint">Without a label there is nothing to guide towards. Choose a class.</p>;
  const refined = refinedWeight(store.settings.value, model);
  if (refined !== undefined)
    return (
      <GuidanceRow weight={refined} pad={store.pad.value} onGuide={(weight) => store.change({ refined: weight })} />
    );
  return (
    <GuidancePad guidance={guidance} pad={store.pad.value} onGuide={(weights) => store.change({ guidance: weights })} />
  );
}

function Temperatures({ store, model }: Part) {
  const { temperature } = store.settings.value;
  const resolutions = [...new Set(model.groups.map(({ resolution }) => resolution))];
  const set = (resolution: number, value: number) =>
    store.change({ temperature: { ...temperature, [resolution]: value } });
  const changed = Object.values(temperature).some((value) => value !== 1);
  return (
    <div class="temperatures">
      {resolutions.map((resolution) => {
        const value = temperature[resolution] ?? 1;
        return (
          <label key={resolution} class="slider row">
            <span class="resolution">{resolution}²</span>
            <input
              type="range"
              min={0}
              max={LARGEST_TEMPERATURE}
              step={0.05}
              value={value}
              aria-label={`Temperature at ${resolution} by ${resolution}`}
              onInput={({ currentTarget }) => set(resolution, Number(currentTarget.value))}
            />
            <output>{value.toFixed(2)}</output>
          </label>
        );
      })}
      <p class="hint">
        0 takes the mean, 1 draws as the model learnt.{" "}
        <button
          type="button"
          class="link"
          disabled={!changed}
          onClick={() => store.change({ temperature: DEFAULTS.temperature })}
        >
          All to 1
        </button>
      </p>
    </div>
  );
}
