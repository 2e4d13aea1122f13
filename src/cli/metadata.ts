/** `--metadata-file`: buildx's keys, and the images of each platform under a key of our own. */
import type { BuildResult, StepRecord } from '../builder/index.ts';
import { formatPlatform } from '../platform.ts';
import { printedJson } from '../printed-json.ts';
import { writeResult } from './written.ts';

/** Replaces the file atomically; throws `io`, `disk-full` or `permission-denied`. */
export async function writeMetadata(path: string, { result, steps, signal }: Built): Promise<void> {
  const { images, digest } = result;
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
  await writeResult(path, `${printedJson(metadata, undefined, 2)}\n`, signal);
}

interface Built {
  result: BuildResult;
  steps: readonly StepRecord[];
  signal: AbortSignal;
}
