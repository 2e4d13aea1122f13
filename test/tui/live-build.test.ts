import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openLiveBuild } from '../../src/tui/live-build.ts';
import { arm64, log, plan } from './events.ts';

/** A terminal that remembers what was written. */
function screen() {
  const written: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    ...{ isTTY: true, columns: 80, rows: 24, writable: true },
    write: (text: string, done?: () => void) => {
      written.push(text);
      done?.();
      return true;
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

describe.skipIf(process.env.CI)(
  `the live view${process.env.CI ? ' (CI: nothing is drawn)' : ''}`,
  () => {
    it('draws few pictures of a few lines, whatever a step prints', async () => {
      const { stream, written } = screen();
      const live = openLiveBuild(stream, { LANG: 'C.UTF-8' });
      live.emit(plan);
      live.emit({ type: 'started', vertex: arm64.run, at: Date.now() });
      const start = performance.now();
      for (let at = 0; at < 100; at++) {
        for (let line = 0; line < 1000; line++)
          live.emit(log(arm64.run, `line ${at * 1000 + line}\n`));
        await sleep(10);
      }
      live.emit({ type: 'done', vertex: arm64.run, at: Date.now() });
      const seconds = (performance.now() - start) / 1000;
      live.close();
      const pictures = written.filter((text) => text.includes('mpkit build'));
      expect(pictures.length).toBeGreaterThan(0);
      expect(pictures.length).toBeLessThanOrEqual(10 * seconds + 1);
      expect(Math.max(...written.map((text) => text.length))).toBeLessThan(8000);
      expect(written.join('')).toMatch(/linux\/arm64 +1 +1 +0 /);
    });

    it('draws nothing of a build that ends at once, but its summary', () => {
      const { stream, written } = screen();
      const live = openLiveBuild(stream, {});
      live.emit(plan);
      live.emit({ type: 'cached', vertex: arm64.run });
      live.close();
      live.close();
      expect(written.join('')).toMatch(/^platform .*\n.*\nlinux\/arm64 +0 +0 +1 .*\n$/);
    });
  },
);
