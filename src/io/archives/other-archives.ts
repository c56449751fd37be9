/**
 * @file Archives and compressions that are not read, recognised by how they begin, so that what to do about them can
 * be said.
 */

/** What a file is, and how it is unpacked. */
interface Other {
  /** "a 7z archive". */
  kind: string;
  /** Whether files lie in it; otherwise it is one compressed file, mostly a tar archive. */
  isArchive: boolean;
}

const archive = (kind: string): Other => ({ kind, isArchive: true });
const compressed = (by: string): Other => ({ kind: `compressed by ${by}`, isArchive: false });

/** First bytes, in hexadecimal. */
const beginnings: [pattern: RegExp, other: Other][] = [
  [/^377abcaf271c/, archive("a 7z archive")],
  [/^526172211a07/, archive("a RAR archive")],
  [/^4d53434600000000/, archive("a cabinet archive")],
  [/^(3037303730[127]|71c7|c771)/, archive("a cpio archive")],
  [/^213c617263683e0a/, archive("an ar archive")],
  [/^78617221/, archive("a xar archive")],
  [/^(68737173|73717368)/, archive("a SquashFS image")],
  [/^....2d6c[67][8a]..2d/, archive("an LHA archive")],
  [/^fd377a585a00/, compressed("xz")],
  [/^425a683[1-9](314159265359|177245385090)/, compressed("bzip2")],
  [/^(28b52ffd|5.2a4d18)/, compressed("Zstandard")],
  [/^(04224d18|02214c18)/, compressed("LZ4")],
  [/^4c5a4950/, compressed("lzip")],
  [/^894c5a4f/, compressed("lzop")],
  [/^1f(9d|a0)/, compressed("compress")],
  [/^5d0000....(f{16}|.{10}000000)/, compressed("LZMA")],
];

/**
 * What is said of a file that is an archive which is not read.
 *
 * @param begin - its first bytes, 16 or more where it has them
 * @returns "it is a 7z archive, which is not read. Unpack it first, …"; undefined where it is none
 */
export function otherArchive(begin: Uint8Array): string | undefined {
  const hex = Buffer.from(begin.subarray(0, 16)).toString("hex");
  const found = beginnings.find(([pattern]) => pattern.test(hex))?.[1];
  if (found === undefined) return undefined;
  const { kind, isArchive } = found;
  return isArchive
    ? `it is ${kind}, which is not read. Unpack it first, and give the folder.`
    : `it is ${kind}, which is not read. Unpack it first (tar -xf, where a tar archive is inside), and give the folder.`;
}
