/** `--metadata-file`: buildx's keys, and the images of each platform under a key of our own. */
import type { BuildResult, StepRecord } from '../builder/index.ts';
import { ioError } from '../errors.ts';
import { formatPlatform } from '../platform.ts';
import { printedJson } from '../printed-json.ts';
import { writeWhole } from '../small-files.ts';

/** Replaces `path` atomically; throws `io`, `disk-full` or `permission-denied`. */
export function writeMetadata(
  path: string,
  { images, digest }: BuildResult,
  steps: readonly StepRecord[],
): void {
  const only = images.length === 1 ? images[0] : undefined;
  const metadata = {
    'containerimage.digest': digest,
    ...(only ? { 'containerimage.descriptor': only } : {}),
    'mpkit.platforms': images.map((image) => ({
      platform: formatPlatform(image.platform),
      digest: image.digest,
      size: image.size,
    })),
    'mpkit.steps': steps,
  };
  try {
    writeWhole(path, `${printedJson(metadata, undefined, 2)}\n`);
  } catch (error) {
    throw ioError(error, `writing \`${path}\``);
  }
}
