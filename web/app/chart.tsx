/** @file Lines over steps, drawn by uPlot, which keeps up with a run that writes many. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** One line. */
export interface Series {
  name: string;
  /** Which run it is of: an index into the colours. */
  colour: number;
  dashed?: boolean;
  points: readonly { step: number; value: number | null }[];
}

export interface ChartProps {
  title: string;
  unit: string;
  series: readonly Series[];
  /** A step to mark. */
  marked: number | null;
  logarithmic?: boolean;
}

const HEIGHT = 180;

/** All series on one axis of steps, as uPlot takes them. */
function aligned(series: readonly Series[]): uPlot.AlignedData {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
  const rows = series.map(({ points }) => {
    const values = new Map(points.map(({ step, value }) => [step, value]));
    return steps.map((step) => values.get(step));
  });
  return [steps, ...rows] as uPlot.AlignedData;
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);

/** The last value of every line, in words. */
const lastValues = (series: readonly Series[]): string =>
  series.map(({ name, points }) => `${name} ${figure(points.at(-1)?.value)}`).join(", ");

export function Chart({ title, unit, series, marked, logarithmic }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const mark = useRef(marked);
  mark.current = marked;
  const data = useRef(series);
  data.current = series;
  const shape = series.map(({ name, colour, dashed }) => `${name} ${colour} ${dashed}`).join();
  useEffect(() => {
    const element = place.current!;
    const create = () => {
      plot.current?.destroy();
      const style = getComputedStyle(element);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      const axis = {
        stroke: colour("--muted"),
        font: "11px system-ui",
        grid: { stroke: colour("--line"), width: 1 },
        ticks: { stroke: colour("--line"), width: 1 },
      };
      plot.current = new uPlot(
        {
          width: element.clientWidth,
          height: HEIGHT,
          scales: { x: { time: false }, y: logarithmic ? { distr: 3 } : {} },
          legend: { show: false },
          cursor: { y: false, points: { size: 6 } },
          axes: [
            {
              ...axis,
              size: 30,
              values: (_, ticks) => ticks.map((tick) => (tick >= 1000 ? `${tick / 1000}k` : String(tick))),
            },
            {
              ...axis,
              size: 48,
              values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : String(+tick.toPrecision(3)))),
            },
          ],
          series: [
            {},
            ...series.map(({ name, colour: index, dashed }) => ({
              label: name,
              stroke: colour(`--run-${index % 6}`),
              width: dashed ? 1.25 : 2,
              dash: dashed ? [4, 4] : undefined,
              spanGaps: true,
              points: { show: false },
            })),
          ],
          hooks: {
            draw: [
              (drawn) => {
                if (mark.current === null) return;
                const x = Math.round(drawn.valToPos(mark.current, "x", true));
                drawn.ctx.fillStyle = colour("--accent");
                drawn.ctx.fillRect(x, drawn.bbox.top, Math.max(1, devicePixelRatio), drawn.bbox.height);
              },
            ],
          },
        },
        aligned(data.current),
        element,
      );
    };
    create();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", create);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", create);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape, logarithmic]);
  useEffect(() => {
    plot.current?.setData(aligned(series));
  }, [series, marked]);
  const empty = series.every(({ points }) => points.length === 0);
  return (
    <figure class="chart panel">
      <figcaption>
        <b>{title}</b> <span>{unit}</span>
      </figcaption>
      <div
        ref={place}
        class={`plot ${empty ? "none" : ""}`}
        role="img"
        data-points={Math.max(0, ...series.map(({ points }) => points.length))}
        aria-label={`${title}, ${unit}, over steps. Last: ${lastValues(series)}`}
      >
        {empty ? <p class="hint">nothing measured yet</p> : null}
      </div>
    </figure>
  );
}
