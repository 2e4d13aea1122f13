/**
 * A running build on a terminal: two or three pictures a second at most, and a summary in their place at the
 * end. What draws is loaded only when a build takes long enough to be watched.
 */
import type { BuildEvent } from '../builder/events.ts';
import { coalesceLogs } from './coalesce.ts';
import type { BuildDrawing } from './draw-build.tsx';
import { loadInk } from './load-ink.ts';
import { reduceBuild, startBuild } from './state/build.ts';
import { summaryLines } from './summary.ts';

export interface LiveBuild {
  emit: (event: BuildEvent) => void;
  /** Milliseconds that steps took last time, by vertex. */
  remember: (durations: ReadonlyMap<string, number>) => void;
  /** The terminal as it was, with the summary printed. */
  close: () => void;
}

/** Milliseconds. */
const patience = 300;
const interval = 400;
const longestInterval = 3000;
/** Lines that the view keeps of each step. */
const keptLines = 20;
const heldBytes = 256 * 1024;

export function openLiveBuild(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): LiveBuild {
  let state = startBuild(Date.now());
  const step = (event: Parameters<typeof reduceBuild>[1]) => {
    state = reduceBuild(state, event, { lines: keptLines });
  };
  const { emit, flush } = coalesceLogs(step, heldBytes);
  let drawing: BuildDrawing | undefined;
  let closed = false;
  const stopDrawing = drawRegularly(
    async () => {
      const { openDrawing } = await loadInk(stream, () => import('./draw-build.tsx'));
      if (!closed) drawing = openDrawing(stream, environment);
    },
    () => {
      flush();
      drawing?.draw(state);
    },
    (error) => stream.write(`mpkit: note: the build goes on without its view: ${error.message}\n`),
  );
  const close = () => {
    if (closed) return;
    closed = true;
    stopDrawing();
    flush();
    step({ type: 'ended', at: Date.now() });
    const lines = summaryLines(state, stream.columns || 80);
    if (drawing) drawing.end(lines);
    else for (const line of lines) stream.write(`${line}\n`);
  };
  return { emit, remember: (durations) => step({ type: 'history', durations }), close };
}

/**
 * A slow terminal gets fewer pictures: drawing takes a thirtieth of the time at most. What it takes
 * to open the view says nothing about that, and no picture that took long may freeze it for a minute.
 */
function drawRegularly(
  open: () => Promise<void>,
  draw: () => void,
  report: (error: Error) => void,
): () => void {
  let stopped = false;
  const fail = (error: Error) => {
    stopped = true;
    report(error);
  };
  let timer: NodeJS.Timeout;
  // a picture that cannot be drawn is no reason to stop a build
  const attempt = async (action: () => Promise<void> | void): Promise<number> => {
    const start = performance.now();
    try {
      await action();
    } catch (error) {
      fail(error as Error);
    }
    return performance.now() - start;
  };
  const tick = async () => {
    const took = await attempt(draw);
    wait(Math.min(longestInterval, Math.max(interval, 30 * took)), tick);
  };
  const wait = (milliseconds: number, next: () => Promise<void>) => {
    if (stopped) return;
    timer = setTimeout(next, milliseconds);
    timer.unref();
  };
  wait(patience, async () => {
    await attempt(open);
    if (!stopped) await attempt(draw);
    wait(interval, tick);
  });
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
