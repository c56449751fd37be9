/**
 * @file A server that answers with a picture for every seed: http://localhost:8080/7.png, always the same for the same number.
 *
 *     npx tsx examples/server.ts [port] [run]
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openRun, Sampler, toPng } from "strata-vae";

const [port = "8080", run = "pretrained:emoji32"] = process.argv.slice(2);

const sampler = new Sampler(await openRun(run), { batch: 1 });

const server = createServer(async ({ url = "/" }, response) => {
  const seed = /^\/(\d{1,15})\.png$/.exec(url)?.[1];
  if (seed === undefined) {
    response.writeHead(404).end("Ask for /SEED.png\n");
    return;
  }
  try {
    const png = await toPng(await sampler.sample({ count: 1, seed: Number(seed), temperature: 0.7 }));
    response.writeHead(200, { "content-type": "image/png", "cache-control": "public, immutable" }).end(png);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end("No picture\n");
  }
});

server.listen(Number(port), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}/1.png`);
});
process.once("SIGINT", () => server.close(() => void sampler.dispose()));
