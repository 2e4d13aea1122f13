/** Whether bytes begin an archive of files, and how that is packed. */
import { Malformed } from './malformed.ts';
import type { Compression } from './media-types.ts';
import { headerSum } from './tar-header.ts';
import { tarNumber } from './tar-number.ts';

/** How many bytes `archiveForm` wants to see. */
export const archiveFormBytes = 512;

export type ArchiveForm = Compression | 'bzip2' | 'xz';

/** By the first bytes, as many as there are; undefined for what is no archive. */
export function archiveForm(first: Buffer): ArchiveForm | undefined {
  const packed = magics.find(([, magic]) => first.subarray(0, magic.length).equals(magic));
  return packed?.[0] ?? (isTarHeader(first) ? 'none' : undefined);
}

const magics: [ArchiveForm, Buffer][] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 8])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from('\xfd7zXZ\0', 'latin1')],
];

/** An archive of nothing begins with its end: zeros. */
function isTarHeader(first: Buffer): boolean {
  if (first.length < archiveFormBytes) return false;
  const block = first.subarray(0, archiveFormBytes);
  if (block.every((byte) => byte === 0)) return true;
  try {
    return tarNumber(block, 148, 8) === headerSum(block);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}
