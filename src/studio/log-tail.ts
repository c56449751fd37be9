/** @file Following `metrics.jsonl` while somebody else writes it: whole lines only, from a byte on. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type MetricsLine, parseMetrics } from "../training/run/metrics-log.js";

/** What has come since the last look. */
export interface News {
  /** The file is another one than before, or shorter: what was told holds no more. */
  restarted: boolean;
  lines: MetricsLine[];
  /** Lines that could not be read. */
  broken: number;
}

/** Bytes that are read at once: a longer line is none of such a log. */
const BLOCK = 1 << 20;
const NEWLINE = 0x0a;

/** Remembers how far a log was read. */
export class LogTail {
  #inode = 0n;
  #offset = 0;

  /**
   * @param path - need not exist yet
   * @param position - where another one stood: see `position`
   */
  constructor(
    private readonly path: string,
    position = "",
  ) {
    const [, inode, offset] = /^(\d{1,20})-(\d{1,15})$/.exec(position) ?? [];
    if (inode === undefined) return;
    this.#inode = BigInt(inode);
    this.#offset = Number(offset);
  }

  /** The file and the byte up to which it was read, as a word. */
  get position(): string {
    return `${this.#inode}-${this.#offset}`;
  }

  /** Reads on; of a long file a part, so call it again when there were lines. */
  async read(): Promise<News> {
    const news: News = { restarted: false, lines: [], broken: 0 };
    await using file = await openFile(this.path);
    if (!file) {
      news.restarted = this.#inode !== 0n;
      [this.#inode, this.#offset] = [0n, 0];
      return news;
    }
    const status = await file.stat({ bigint: true });
    if (!status.isFile()) return news;
    if (status.ino !== this.#inode || Number(status.size) < this.#offset) {
      news.restarted = this.#inode !== 0n;
      [this.#inode, this.#offset] = [status.ino, 0];
    }
    const block = Buffer.alloc(Math.min(BLOCK, Number(status.size) - this.#offset));
    const { bytesRead } = await file.read(block, 0, block.length, this.#offset);
    const whole = block.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    if (whole === 0 && bytesRead === BLOCK) {
      this.#offset += bytesRead;
      news.broken++;
    }
    this.#offset += whole;
    for (const row of block.toString("utf8", 0, whole).split("\n")) {
      const line = row.trim() === "" ? [] : parsed(row);
      if (line) news.lines.push(...line);
      else news.broken++;
    }
    return news;
  }
}

/** Opened without waiting, as a pipe would have it. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  const { O_NONBLOCK = 0, O_RDONLY } = constants;
  return open(path, O_RDONLY | O_NONBLOCK).catch(() => undefined);
}

/** One line of a log; none of a kind that later versions write; undefined where it cannot be read. */
function parsed(row: string): MetricsLine[] | undefined {
  try {
    JSON.parse(row); // `parseMetrics` forgives a broken last line
    return parseMetrics(row, "a log");
  } catch {
    return undefined;
  }
}
