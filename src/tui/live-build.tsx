/** Draws a running build on a terminal, ten times a second at most, and clears it away at the end. */
import { Box, render, Text } from 'ink';
import type { BuildEvent } from '../builder/events.ts';
import { coalesceLogs } from './coalesce.ts';
import { BuildView } from './components/build-view.tsx';
import { type BuildState, reduceBuild, startBuild } from './state/build.ts';
import { summaryLines } from './summary.ts';
import { ThemeContext, themeFor } from './theme.ts';

export interface LiveBuild {
  emit: (event: BuildEvent) => void;
  /** Milliseconds that steps took last time, by `stepKey`. */
  remember: (durations: ReadonlyMap<string, number>) => void;
  /** The terminal as it was, with the summary printed. */
  close: () => void;
}

/** Milliseconds between two drawings. */
const interval = 100;
/** Lines that the view keeps of each step. */
const keptLines = 20;
const heldBytes = 256 * 1024;

export function openLiveBuild(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv) {
  let state = startBuild(Date.now());
  const step = (event: Parameters<typeof reduceBuild>[1]) => {
    state = reduceBuild(state, event, { lines: keptLines });
  };
  const { emit, flush } = coalesceLogs(step, heldBytes);
  const theme = themeFor(environment);
  const view = () => (
    <ThemeContext value={theme}>
      <BuildView
        {...{ state, now: Date.now(), columns: stream.columns ?? 80, rows: stream.rows ?? 24 }}
      />
    </ThemeContext>
  );
  const ink = render(view(), { stdout: stream, exitOnCtrlC: false, patchConsole: false });
  const stopDrawing = drawRegularly(() => {
    flush();
    ink.rerender(view());
  });
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    stopDrawing();
    flush();
    step({ type: 'ended', at: Date.now() });
    ink.rerender(<Lines lines={summaryLines(state, stream.columns ?? 80)} />);
    ink.unmount();
  };
  return {
    emit,
    remember: (durations) => step({ type: 'history', durations }),
    close,
  } satisfies LiveBuild;
}

/** A slow terminal gets fewer pictures: drawing takes a tenth of the time at most. */
function drawRegularly(draw: () => void): () => void {
  let timer: NodeJS.Timeout;
  const tick = () => {
    const start = performance.now();
    draw();
    timer = setTimeout(tick, Math.max(interval, 10 * (performance.now() - start)));
    timer.unref();
  };
  timer = setTimeout(tick, interval);
  timer.unref();
  return () => clearTimeout(timer);
}

function Lines({ lines }: { lines: string[] }) {
  return (
    <Box flexDirection="column">
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
        <Text key={at} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}
