import { afterEach, beforeEach, vi } from 'vitest';

/** Tests of a file have a clock that stands at 0 until they move it, and a terminal's TERM. */
export function stillClock(): void {
  beforeEach(() => {
    vi.stubEnv('TERM', 'xterm');
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });
}
