/** @file The page: its head, its two views, and what is dropped on it. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Backend } from "./backend.js";
import { Live } from "./live.js";
import { LiveStore } from "./live-store.js";
import { Play } from "./play.js";
import { Store } from "./store.js";
import "./style.css";

/** Shows the page with a backend. */
export function start(backend: Backend): void {
  const store = new Store(backend);
  const live = backend.live && new LiveStore(backend.live);
  render(<App store={store} live={live} />, document.getElementById("app")!);
  store.start();
  (globalThis as { strata?: unknown }).strata = { idle: () => store.idle }; // for tests, which wait for it
}

const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <rect class="s0" x="11" y="3" width="10" height="5" rx="2" />
    <rect class="s1" x="8" y="10" width="16" height="5" rx="2" />
    <rect class="s2" x="5" y="17" width="22" height="5" rx="2" />
    <rect class="s4" x="2" y="24" width="28" height="5" rx="2" />
  </svg>
);

function App({ store, live }: { store: Store; live: LiveStore | undefined }) {
  const { settings, models, alert, model } = store;
  const { view } = settings.value;
  const [over, setOver] = useState(false);
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (settings.value.view !== "play" || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(event.type === "dragover");
      const file = event.type === "drop" ? event.dataTransfer.files[0] : undefined;
      if (file) store.drop(file, store.choosingEnd.value ? "end" : "origin");
    };
    const kinds = ["dragover", "dragleave", "drop"] as const;
    for (const kind of kinds) addEventListener(kind, drag);
    return () => {
      for (const kind of kinds) removeEventListener(kind, drag);
    };
  }, [store, settings]);
  const newer = models.value?.find(({ id }) => id === model.value?.summary.id)?.step ?? 0;
  return (
    <>
      <header class="head">
        <h1>
          <Logo /> strata <span>studio</span>
        </h1>
        {live ? (
          <nav class="segments" aria-label="View">
            {(["play", "live"] as const).map((each) => (
              <button
                key={each}
                type="button"
                aria-current={view === each ? "page" : undefined}
                onClick={() => store.change({ view: each })}
              >
                {each === "play" ? "Play" : "Live"}
              </button>
            ))}
          </nav>
        ) : null}
        {view === "play" && models.value && models.value.length > 0 ? (
          <label class="field model-choice">
            <span>Model</span>
            <select value={settings.value.model} onChange={({ currentTarget: { value } }) => void store.open(value)}>
              {models.value.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        {view === "play" && model.value && newer > model.value.summary.step ? (
          <button type="button" class="newer" onClick={() => void store.open(model.value!.summary.id)}>
            Newer checkpoint: step {newer.toLocaleString("en")}
          </button>
        ) : null}
      </header>
      <main class={over ? "over" : ""}>
        {alert.value && view === "play" ? (
          <div class="alert" role="alert">
            <p>{alert.value}</p>
            <button
              type="button"
              class="quiet"
              aria-label="Dismiss"
              onClick={() => {
                alert.value = undefined;
              }}
            >
              ✕
            </button>
          </div>
        ) : null}
        {view === "live" && live ? <Live store={store} live={live} /> : <Play store={store} />}
        {over ? <div class="drop-hint">Drop it: the model encodes it</div> : null}
      </main>
    </>
  );
}
