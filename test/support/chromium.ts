/** @file Chromium for tests, where one is installed: Debian's, or the one that STRATA_TEST_CHROMIUM names. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env.STRATA_TEST_CHROMIUM ?? "/usr/bin/chromium";

export const hasChromium = existsSync(executablePath);

const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** WebGPU on the software Vulkan that comes with Debian's Chromium: right, and slow. */
const SOFTWARE_WEBGPU = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--ignore-gpu-blocklist",
];

/** Starts a Chromium of its own, with an empty profile. */
export const launchChromium = ({ webgpu = false } = {}): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...QUIET, ...(webgpu ? SOFTWARE_WEBGPU : ["--disable-gpu"])] });
