/** @file What `strata fetch` can fetch: where it lies, and what it must be. */

/** A file with its official address, and what to know it by. */
export interface Download {
  url: string;
  /** Its name in the cache. */
  file: string;
  bytes: number;
  /** In hexadecimal, lower case. */
  sha256: string;
}

export const downloads = {
  /** CIFAR-10 in its binary form, as its author gives it: five training batches and a test batch. */
  cifar10: {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    file: "cifar-10-binary.tar.gz",
    bytes: 170_052_171,
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  },
  /**
   * The Inception network of 2015 by which FID is defined, converted for PyTorch, with its classifier; torch-fidelity's
   * `weights-inception-2015-12-05-6726825d.pth` is the same file.
   */
  inception: {
    url: "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    file: "pt_inception-2015-12-05-6726825d.pth",
    bytes: 95_628_359,
    sha256: "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
  },
} satisfies Record<string, Download>;

export type DownloadName = keyof typeof downloads;
