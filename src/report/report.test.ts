import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { beforeAll, expect, test } from "vitest";
import { fixtureMetrics, fixturePng, fixtureReport } from "../../test/support/report-fixture.js";
import { type ReportParts, renderReport, writeReport } from "./report.js";

let parts: ReportParts;
let page: string;
let document: Document;

beforeAll(async () => {
  parts = await fixtureReport();
  page = renderReport(parts);
  ({ document } = parseHTML(page));
});

test("every picture is shown with its caption, and every command with what it is for", () => {
  const pictures = [...parts.samples, ...parts.reconstructions, ...parts.formation];
  const shown = [...document.querySelectorAll("img")].map((image) => image.getAttribute("alt"));
  expect(shown.sort()).toEqual(pictures.map(({ title }) => title).sort());
  const text = document.body.textContent ?? "";
  for (const { caption } of pictures) expect(text).toContain(caption);
  for (const { command, purpose } of parts.nextCommands) {
    expect(text).toContain(command);
    expect(text).toContain(purpose);
  }
});

test("title, time, figures, settings, software and the step of a resumption can be read", () => {
  expect(document.querySelector("h1")?.textContent).toBe(parts.title);
  const text = document.body.textContent ?? "";
  for (const expected of ["8 min 42 s", "28.3 dB", "optimizer.maxLearningRate", "20.20.0", "resumed from step 1,800"]) {
    expect(text).toContain(expected);
  }
});

test("the precision of the last part of a run can be read where it is not float32", () => {
  const runs = parts.metrics.map((line) => (line.type === "run" ? { ...line, precision: "bfloat16" } : line));
  expect(page).not.toContain("bfloat16");
  expect(renderReport({ ...parts, metrics: runs })).toMatch(/precision.*bfloat16/);
});

test("each chart has a name for those who cannot see it", () => {
  const names = [...document.querySelectorAll("svg")].map((svg) => svg.getAttribute("aria-label"));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(name).toMatch(/\S/);
});

test("pictures are inline, with their size and a text in their place", () => {
  const image = document.querySelector("img");
  expect(image?.getAttribute("src")).toBe(
    `data:image/png;base64,${Buffer.from(parts.samples[0].png).toString("base64")}`,
  );
  expect([image?.getAttribute("width"), image?.getAttribute("height")]).toEqual(["96", "64"]);
  expect(image?.getAttribute("alt")).toBe("Temperature 0.6");
});

test("pictures share a row, broad ones get their own, below", async () => {
  const broad = { title: "broad", caption: "", png: await fixturePng(200, 50) };
  const { document } = parseHTML(renderReport({ ...parts, samples: [broad, ...parts.samples.slice(0, 2)] }));
  const shared = [...document.querySelectorAll(".pictures.of-2 img")].map((image) => image.getAttribute("alt"));
  expect(shared).toEqual(["Temperature 0.6", "Temperature 0.8"]);
  expect(document.querySelector(".pictures.of-2 + figure img")?.getAttribute("alt")).toBe("broad");
});

test("nothing is loaded and nothing runs", () => {
  for (const element of document.querySelectorAll("[src], [href], [srcset], [action], [data]")) {
    expect(element.getAttribute("src")).toMatch(/^data:image\/png;base64,/);
  }
  expect(document.querySelectorAll("script, link, iframe, object, embed, use, base")).toHaveLength(0);
  expect(page).not.toMatch(/@import|url\(|\son\w+=/i);
  expect(page.match(/https?:\/\/[^"' ]*/g)?.filter((url) => url !== "http://www.w3.org/2000/svg") ?? []).toEqual([]);
  expect(page).toContain("default-src &#39;none&#39;");
});

test("the same parts make the same page", () => {
  expect(renderReport(parts)).toBe(page);
});

test("whatever a name holds, it stays text", () => {
  const evil = `</title></style></pre><script>alert("1")</script><img src=x onerror='2'>`;
  const picture = { title: evil, caption: evil, png: parts.samples[0].png };
  const metrics = parts.metrics.map((line) =>
    line.type === "run" ? { ...line, data: evil, preset: evil, node: evil, time: evil } : line,
  );
  const { document } = parseHTML(
    renderReport({
      title: evil,
      lead: evil,
      config: { ...parts.config, preset: evil },
      metrics,
      refined: [],
      samples: [picture],
      reconstructions: [picture],
      formation: [picture],
      environment: { [evil]: evil },
      nextCommands: [{ purpose: evil, command: evil }],
    }),
  );
  expect(document.querySelectorAll("script, [onerror]")).toHaveLength(0);
  expect(document.querySelector("h1")?.textContent).toBe(evil);
  expect(document.querySelectorAll("img")).toHaveLength(3);
});

test("NaN in the log leaves no trace but gaps, and a note that says so", () => {
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  expect(document.querySelector(".note")?.textContent).toMatch(/^5 of 180 lines .* first at step 2,020/);
  const broken = fixtureMetrics().map((line) =>
    line.type === "run"
      ? line
      : {
          ...line,
          klNats: Number.NaN,
          bitsPerDim: Number.NaN,
          psnrDb: Number.NaN,
          ...("groupKlNats" in line ? { groupKlNats: line.groupKlNats.map(() => Number.NaN) } : {}),
          lossNats: Number.NaN,
          distortionNats: Number.NaN,
          imagesPerSecond: Number.NaN,
        },
  );
  const text = renderReport({ ...parts, metrics: broken });
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(text).not.toContain("<svg");
});

test("each figure in bits per dimension says what it is: the weighted objective, or the bound", () => {
  const captions = (text: ReportParts) =>
    [...parseHTML(renderReport(text)).document.querySelectorAll("figcaption")].map(({ textContent }) => textContent);
  const find = (text: ReportParts, start: string) => captions(text).find((caption) => caption?.startsWith(start));
  expect(find(parts, "Training objective")).toMatch(/weighted by the information schedule.* and no bound\.$/);
  expect(find(parts, "Its parts")).toContain("the divergence from the image blurred by σ, not the likelihood");
  expect(find(parts, "Upper bound")).toMatch(/nothing weighted.*: 339 held-out images .* either curve may lie lower/);
  const mixture = { ...parts.config, objective: { ...parts.config.objective, output: "logistic-mixture" as const } };
  expect(find({ ...parts, config: mixture }, "Its parts")).toContain(
    "the negative log-likelihood of the image's bytes",
  );
  const metrics = parts.metrics.filter((line) => line.type !== "validation" || line.split === "train");
  const legend = ">held-out images</text>";
  expect(page).toContain(legend);
  expect(renderReport({ ...parts, metrics })).not.toContain(legend);
  expect(find({ ...parts, metrics }, "Upper bound")).toMatch(/: 339 training images\. None were held out\.$/);
  expect(page).not.toContain("memorising");
});

test("groups are numbered from 0 in the table of information", () => {
  const table = [...document.querySelectorAll("table")].find((each) => each.textContent?.includes("carried"));
  const cells = [...(table?.querySelectorAll("tbody td:nth-child(2)") ?? [])].map(({ textContent }) => textContent);
  expect(cells).toEqual(["0–1", "2–3", "4–6", "7–8", "9"]);
});

test("a section without content is left out", () => {
  const sections = (given: ReportParts) => parseHTML(renderReport(given)).document.querySelectorAll("section").length;
  const whole = sections(parts);
  const lists = ["samples", "reconstructions", "formation", "nextCommands"] as const;
  for (const list of lists) expect(sections({ ...parts, [list]: [] }), list).toBe(whole - 1);
  const nothing = Object.fromEntries(lists.map((list) => [list, []]));
  const bare = { ...parts, ...nothing, metrics: [], environment: {} };
  expect(sections(bare)).toBe(1);
  expect(renderReport(bare)).toContain("&quot;informationSchedule&quot;");
});

test("without a schedule the page says so and shows no targets", () => {
  const metrics = parts.metrics.map((line) =>
    line.type === "run" ? { ...line, groups: line.groups.map((group) => ({ ...group, share: null })) } : line,
  );
  const text = renderReport({ ...parts, metrics });
  expect(text).toContain("No information schedule was set.");
  expect(text).not.toContain(">target<");
});

test("a picture that is no PNG is named", () => {
  const samples = [{ title: "Temperature 1", caption: "", png: new Uint8Array([1, 2, 3]) }];
  expect(() => renderReport({ ...parts, samples })).toThrow(
    'expected a PNG file as picture "Temperature 1", got 3 bytes',
  );
});

test("the report is written into the run's folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "report-"));
  try {
    const path = await writeReport(join(folder, "report.html"), parts);
    expect(path).toBe(join(folder, "report.html"));
    expect(readFileSync(path, "utf8")).toBe(page);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
