/**
 * @file Two "machines" on this one: network namespaces that are joined by a cable of a given speed. What crosses it is shaped by the
 * kernel's token bucket on both ends. It takes root, `ip` and `tc`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const ADDRESSES = ["10.99.7.1", "10.99.7.2"];
const NETWORK = "10.99.7.0/24";

/** A launcher across the cable. */
export interface TwoMachines {
  /** Before the program: starts it on both, the first process on this side. */
  words: string[];
}

/** Whether this machine lets us. */
export const canJoin = (): boolean =>
  process.getuid?.() === 0 && ["ip", "tc", "unshare"].every((name) => spawnSync(name, ["-V"]).error === undefined);

/** Calls `use` with two namespaces between which so many bits flow a second; they are gone afterwards. */
export async function withMachines<T>(
  gigabits: number,
  folder: string,
  use: (machines: TwoMachines) => Promise<T>,
): Promise<T> {
  const names = ADDRESSES.map((_, side) => `strata${process.pid}-${side}`);
  const ip = (...words: string[]) => execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
  try {
    for (const name of names) ip("netns", "add", name);
    const [first, second] = names;
    ip("link", "add", "cable0", "netns", first, "type", "veth", "peer", "name", "cable1", "netns", second);
    names.forEach((name, side) => {
      ip("-n", name, "addr", "add", `${ADDRESSES[side]}/24`, "dev", `cable${side}`);
      for (const device of ["lo", `cable${side}`]) ip("-n", name, "link", "set", device, "up");
      const shape = `rate ${gigabits}gbit burst ${Math.ceil(512 * gigabits)}kb latency 20ms`.split(" ");
      execFileSync("ip", ["netns", "exec", name, "tc", "qdisc", "add", "dev", `cable${side}`, "root", "tbf", ...shape]);
    });
    // In place of ssh: HOST COMMAND…
    const agent = join(folder, "agent.sh");
    const enter = `exec ip netns exec ${second} unshare --uts sh -c "hostname second; $*"`;
    writeFileSync(agent, `#!/bin/sh\nwhile [ "$1" != ${ADDRESSES[1]} ]; do shift; done\nshift\n${enter}\n`, {
      mode: 0o755,
    });
    const over = ["btl_tcp_if_include", "oob_tcp_if_include"].flatMap((name) => ["--mca", name, NETWORK]);
    const hosts = ADDRESSES.map((address) => `${address}:1`).join(",");
    const mpirun = [
      "mpirun.openmpi",
      "--allow-run-as-root",
      "--mca",
      "plm_rsh_agent",
      agent,
      "--mca",
      "btl",
      "tcp,self",
    ];
    return await use({
      words: ["ip", "netns", "exec", first, ...mpirun, ...over, "--bind-to", "none", "--host", hosts, "-n", "2"],
    });
  } finally {
    for (const name of names) spawnSync("ip", ["netns", "del", name]);
  }
}
