/** @file Files of an exported model over the network: as long and with the SHA-256 that the manifest says, or not at all. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { UserError } from "../errors.js";
import type { WebFile } from "./manifest.js";

/** Larger manifests are none, bytes. */
const LARGEST_MANIFEST = 16e6;

interface DownloadOptions {
  signal?: AbortSignal;
  /** Told of every piece that arrives, bytes. */
  onBytes?: (bytes: number) => void;
}

/**
 * A file of the manifest.
 *
 * @throws UserError when it cannot be had, is longer or shorter, or has another digest; the signal's reason when aborted
 */
export async function downloadFile(
  url: URL,
  file: WebFile,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(url, options.signal);
  const bytes = await readBody(response, url, file.bytes, options);
  if (bytes.length !== file.bytes) {
    throw damaged(url, `expected ${file.bytes} bytes, got ${bytes.length}`);
  }
  const digest = await digestOf(bytes);
  if (digest !== file.sha256) throw damaged(url, `expected SHA-256 ${file.sha256}, got ${digest}`);
  return bytes;
}

/** The text of a manifest. */
export async function downloadManifest(url: URL, { signal }: DownloadOptions): Promise<string> {
  // A host may keep files for long, but a manifest names those that belong together.
  const response = await request(url, signal, "no-cache");
  return new TextDecoder().decode(await readBody(response, url, LARGEST_MANIFEST, { signal }));
}

async function request(url: URL, signal?: AbortSignal, cache?: RequestCache): Promise<Response> {
  const response = await fetch(url, { signal, cache }).catch((error: Error) => {
    signal?.throwIfAborted();
    throw new UserError("network", `Cannot reach ${url}: ${error.message}.`, { advice: "Try again." });
  });
  if (response.ok) return response;
  const { status, statusText } = response;
  throw new UserError(
    status === 404 ? "not-found" : "network",
    `Expected a file at ${url}, but the server answers ${[status, statusText].filter(Boolean).join(" ")}.`,
  );
}

/** The body, of `most` bytes at most. */
async function readBody(
  response: Response,
  url: URL,
  most: number,
  { signal, onBytes }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body!.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: Error) => {
        signal?.throwIfAborted();
        throw new UserError("network", `The connection broke off while ${url} arrived: ${error.message}.`, {
          advice: "Try again.",
        });
      });
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > most) throw damaged(url, `expected at most ${most} bytes, got more`);
      onBytes?.(value.length);
    }
  } finally {
    reader.cancel().catch(() => {}); // what was wrong with it is known
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Browsers hash by themselves on pages that came over TLS, or from this computer. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto;
  return bytesToHex(subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : sha256(bytes));
}

const damaged = (url: URL, problem: string) =>
  new UserError("damaged", `The file ${url} is not the one that was exported: ${problem}.`, {
    advice: "Reload the page, or copy the whole exported folder again.",
  });
