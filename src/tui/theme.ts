/** The signs and colours of the interface, for components. */
import { createContext, useContext } from 'react';
import { type Signs, unicodeSigns } from './signs.ts';
import type { StepStatus } from './state/build.ts';

export const ThemeContext = createContext<Signs>(unicodeSigns);

export function useTheme(): Signs {
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
