/** What a check says. Pure. */
import type { HostFacts } from './facts.ts';

export type Result = 'ok' | 'note' | 'warning' | 'problem' | 'cannot tell';

export interface Finding {
  /** Stable: scripts may depend on it. */
  id: string;
  /** Which handler, platform or program, where a check looks at several. */
  subject?: string;
  result: Result;
  /** One line: what was found. */
  observed: string;
  /** The one thing to do: a command, or a sentence that begins with a capital letter. */
  remedy?: string;
}

export interface Check {
  id: string;
  title: string;
  run: (host: HostFacts) => Finding[];
}
