import { expect, test } from "vitest";
import { mpirunFor } from "./mpirun.js";

test.each(["mpirun (Open MPI) 4.1.4", "mpirun (OpenRTE) 4.1.4", "mpirun (Open MPI) 5.0.6"])(
  "%s passes on SIGUSR1",
  (version) => {
    const { words, stop } = mpirunFor(version, 3);
    expect(words.slice(-2)).toEqual(["-n", "3"]);
    expect(words).toContain("--oversubscribe");
    expect(stop).toBe("SIGUSR1");
  },
);

test.each(["HYDRA build details:\n    Version: 4.0.2", "Intel(R) MPI Library for Linux* OS"])(
  "%s passes on SIGTERM",
  (version) => {
    expect(mpirunFor(version, 2)).toEqual({ words: ["-n", "2"], variables: {}, stop: "SIGTERM" });
  },
);
