/** Keeps a record of each build; that it cannot be written fails no build. */
import {
  type BuildRecord,
  type BuildResult,
  createStepRecorder,
  openRecords,
  type StepRecorder,
} from '../builder/index.ts';
import { callersWords } from '../caller-paths.ts';
import { formatPlatform } from '../platform.ts';
import type { ParsedBuild } from './build-options.ts';

export interface Recording extends StepRecorder {
  end: (status: BuildRecord['status'], result?: BuildResult) => void;
}

export function startRecording(
  root: string,
  { target, platforms, tags, outputs, sources }: ParsedBuild,
  command: string[],
): Recording {
  const records = openRecords(root);
  const { context, file } = placesOf(sources);
  const before = records.last(context, file)?.steps ?? [];
  const recorder = createStepRecorder(before);
  const startedAt = Date.now();
  const end: Recording['end'] = (status, result) => {
    const images = result?.images ?? [];
    // one that failed before its plan must not push the times of the last one out
    if (recorder.steps().length === 0 && status !== 'done') return;
    try {
      records.put({
        version: 1,
        ...{ context, file, tags, command, startedAt, status },
        ...(target === undefined ? {} : { target }),
        // a stage may have named a platform that nobody asked for
        platforms: (images.length > 0 ? images.map((each) => each.platform) : platforms).map(
          formatPlatform,
        ),
        outputs: outputs.map(({ dest, tar }) => ({ dest: callersWords(dest), tar })),
        seconds: (Date.now() - startedAt) / 1000,
        images: images.map(({ platform, digest, size }) => ({
          platform: formatPlatform(platform),
          digest,
          size,
        })),
        steps: recorder.steps(),
      });
    } catch {
      // a full disk has said so elsewhere
    }
  };
  return { ...recorder, end };
}

/** `-` for what came through stdin. */
function placesOf(sources: ParsedBuild['sources']): Pick<BuildRecord, 'context' | 'file'> {
  if (sources.kind === 'stdin') return { context: '-', file: sources.file ?? '-' };
  const context = callersWords(sources.context);
  return { context, file: sources.kind === 'folder' ? callersWords(sources.file) : '-' };
}
