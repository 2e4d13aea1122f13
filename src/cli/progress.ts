/** Chooses how a build is shown, and loads only what that way needs. */
import type { BuildEvent } from '../builder/index.ts';
import { gatherWrites } from '../tui/gather.ts';
import { createPlainPrinter } from '../tui/plain.ts';
import type { ShownImage } from '../tui/rawjson.ts';

export type ProgressMode = 'plain' | 'tty' | 'rawjson' | 'quiet';

export interface Progress {
  emit: (event: BuildEvent) => void;
  /** Milliseconds that steps took last time, by vertex. */
  remember: (durations: ReadonlyMap<string, number>) => void;
  /** Ends the showing; the terminal is as it was. To be called always, once. */
  close: (images?: readonly ShownImage[]) => void;
}

type Screen = NodeJS.WriteStream;

/**
 * `auto` draws only where somebody looks: on a terminal that can, outside of CI, and not for a
 * screen reader, which would have to read every redrawing.
 */
export function chooseProgress(
  asked: ProgressMode | 'auto',
  stream: Pick<Screen, 'isTTY' | 'columns' | 'rows'>,
  environment: NodeJS.ProcessEnv,
): ProgressMode {
  const { CI, TERM, INK_SCREEN_READER } = environment;
  const hasRoom = stream.isTTY && stream.columns >= 40 && stream.rows >= 10;
  if (asked === 'tty') return hasRoom ? 'tty' : 'plain';
  if (asked !== 'auto') return asked;
  const isWatched = hasRoom && (CI === undefined || CI === '' || CI === 'false');
  return isWatched && TERM !== 'dumb' && INK_SCREEN_READER !== 'true' ? 'tty' : 'plain';
}

export async function openProgress(mode: ProgressMode, stream: Screen): Promise<Progress> {
  const write = (text: string) => void stream.write(text);
  const showDigests = (images: readonly ShownImage[] = []) =>
    images.forEach(({ platform, digest }) => {
      write(`=> ${platform} ${digest}\n`);
    });
  if (mode === 'quiet') return { emit: () => {}, remember: () => {}, close: () => {} };
  if (mode === 'rawjson') {
    const { createRawJsonPrinter } = await import('../tui/rawjson.ts');
    return createRawJsonPrinter(write);
  }
  if (mode === 'tty') {
    const { openLiveBuild } = await import('../tui/live-build.ts');
    const live = openLiveBuild(stream, process.env);
    return {
      ...live,
      close: (images) => {
        live.close();
        showDigests(images);
      },
    };
  }
  const gathered = gatherWrites(write);
  return {
    emit: createPlainPrinter({ write: gathered.write, colour: false }),
    remember: () => {},
    close: (images) => {
      gathered.flush();
      showDigests(images);
    },
  };
}
