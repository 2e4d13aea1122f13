/** The one file of the build view that loads Ink: draws states, and leaves the last lines standing. */
import { render } from 'ink';
import { asciiStream } from './ascii.ts';
import { BuildView } from './components/build-view.tsx';
import { TextLines } from './components/text-lines.tsx';
import { signsFor } from './signs.ts';
import type { BuildState } from './state/build.ts';
import { ThemeContext } from './theme.ts';

export interface BuildDrawing {
  draw: (state: BuildState) => void;
  /** Replaces the picture; the terminal is as it was. */
  end: (lines: string[]) => void;
}

export function openDrawing(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): BuildDrawing {
  const theme = signsFor(environment);
  const ink = render(null, {
    stdout: asciiStream(stream, environment),
    exitOnCtrlC: false,
    patchConsole: false,
  });
  return {
    draw: (state) =>
      ink.rerender(
        <ThemeContext value={theme}>
          <BuildView
            {...{ state, now: Date.now(), columns: stream.columns || 80, rows: stream.rows || 24 }}
          />
        </ThemeContext>,
      ),
    end: (lines) => {
      ink.rerender(<TextLines lines={lines} />);
      ink.unmount();
    },
  };
}
