/**
 * @file One noise under nine guidance weights, in React: a pad whose tiles are drawn at once. Built by Vite.
 *
 *     npm install && npm run model && npm run dev
 */
/** @jsxImportSource react */
import { StrictMode, useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { toImageData, type WebModel, type WebSamples } from "strata-vae/web";
import { useModel } from "./use-model.js";

const WEIGHTS = [0, 1, 3];
const PAD = WEIGHTS.flatMap((variance) => WEIGHTS.map((mean) => ({ mean, variance })));

function Tile({ samples, index }: { samples: WebSamples; index: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => canvas.current!.getContext("2d")!.putImageData(toImageData(samples, index), 0, 0), [samples, index]);
  return <canvas ref={canvas} width={samples.resolution} height={samples.resolution} />;
}

function Pad({ model }: { model: WebModel }) {
  const [label, setLabel] = useState(0);
  const [seed, setSeed] = useState(0);
  const [drawn, setDrawn] = useState<WebSamples>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const stale = new AbortController();
    const asked = { count: PAD.length, samples: PAD.map(() => 0), labels: new Int32Array(PAD.length).fill(label) };
    model.sample({ ...asked, seed, guidances: PAD, signal: stale.signal }).then(setDrawn, (error: Error) => {
      if (!stale.signal.aborted) setProblem(error.message);
    });
    return () => {
      stale.abort();
      setDrawn(undefined);
    };
  }, [model, label, seed]);
  return (
    <>
      <nav>
        <label>
          Class{" "}
          <select value={label} onChange={(event) => setLabel(Number(event.target.value))}>
            {model.info.classes.map((name, value) => (
              <option key={name} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => setSeed(seed + 1)}>
          Other noise
        </button>
      </nav>
      <p role="status">{problem || (drawn ? `seed ${seed}: mean → right, variance ↓ down` : "drawing")}</p>
      <div id="pictures">
        {drawn &&
          PAD.map(({ mean, variance }, index) => <Tile key={`${mean} ${variance}`} samples={drawn} index={index} />)}
      </div>
    </>
  );
}

function App() {
  const loaded = useModel("emoji/");
  return (
    <>
      <h1>Guidance</h1>
      {loaded.state === "loading" && <p role="status">downloading, {Math.round(100 * loaded.share)} %</p>}
      {loaded.state === "failed" && <p role="alert">{loaded.message}</p>}
      {loaded.state === "ready" && <Pad model={loaded.model} />}
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
