/** The signs of the interface: complete without colour, and without Unicode where need be. */
import { createContext, useContext } from 'react';
import type { StepStatus } from './state/build.ts';

export interface Theme {
  status: Record<StepStatus, string>;
  /** In front of an emulated step's time. */
  emulated: string;
  bar: string;
  separator: string;
  ellipsis: string;
}

const unicode: Theme = {
  status: { waiting: '·', running: '▸', done: '✓', cached: '=', failed: '✗', canceled: '-' },
  emulated: '~',
  bar: '█',
  separator: '│',
  ellipsis: '…',
};

const ascii: Theme = {
  status: { waiting: '.', running: '>', done: '+', cached: '=', failed: 'x', canceled: '-' },
  emulated: '~',
  bar: '#',
  separator: '|',
  ellipsis: '...',
};

export function themeFor(environment: NodeJS.ProcessEnv): Theme {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  return /utf-?8/i.test(locale) ? unicode : ascii;
}

export const ThemeContext = createContext<Theme>(unicode);

export function useTheme(): Theme {
  return useContext(ThemeContext);
}

export const statusColours: Record<StepStatus, string | undefined> = {
  waiting: undefined,
  running: 'cyan',
  done: 'green',
  cached: 'blue',
  failed: 'red',
  canceled: 'yellow',
};
