/** Rows Z5 and Z6: steps that never end, never stop talking, or never stop forking. */
import { expect, it } from 'vitest';
import { stepOutput } from '../build/workplace.ts';
import { type Arena, asEach } from './arena.ts';
import { peakMemory } from './peak-memory.ts';

const limit = 300 * 1024 * 1024;

asEach(['root', 'user with a range'], (arena) => {
  it('Z5 what a step leaves running ends with it, and its layer holds still', async () => {
    const dockerfile = `FROM base
RUN (sleep 9999 & while :; do date >> /srv/log; done) & \\
  (trap '' HUP TERM INT; setsid sh -c 'while :; do echo talking; sleep 0.1; done') & \\
  until [ -s /srv/log ]; do sleep 0.1; done
RUN a=$(wc -c < /srv/log); sleep 0.3; [ $a = $(wc -c < /srv/log) ] && echo still
RUN cat /proc/[0-9]*/comm | grep -c -e sleep -e date; true
`;
    const { stderr } = await arena().build({ dockerfile });
    expect(stepOutput(stderr).slice(-2), stderr).toEqual(['still', '0']);
  });

  it('Z6 endless output costs neither memory nor a log', async () => {
    const megabytes = arena().caller === 'root' ? 5000 : 1000;
    const { outcome, peak } = await peakMemory(
      arena(),
      buildOf(
        arena(),
        `RUN yes 0123456789abcdef | head -c 1048576 > /srv/y; i=0; while [ $i -lt ${megabytes} ]; do cat /srv/y; i=$((i+1)); done; echo; echo done; false`,
      ),
    );
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('| done');
    expect(outcome.stderr.length).toBeLessThan(8 * 1024 * 1024);
    const line = await peakMemory(
      arena(),
      buildOf(arena(), 'RUN dd if=/dev/zero bs=1M count=1000 2>/dev/null; echo; echo done; false'),
    );
    expect(line.outcome.stderr).toContain('| done');
    expect([peak, line.peak].filter((bytes) => bytes > limit || bytes < 1e6)).toEqual([]);
  });

  it('Z6 a step that forks without end fails, and nothing of it stays', async () => {
    const { outcome, peak } = await peakMemory(
      arena(),
      buildOf(
        arena(),
        'RUN i=0; while [ $i -lt 100000 ]; do sleep 999 & i=$((i+1)); done; echo all',
      ),
    );
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/can't fork: Resource temporarily unavailable/);
    expect(stepOutput(outcome.stderr)).not.toContain('all');
    expect([peak].filter((bytes) => bytes > limit || bytes < 1e6)).toEqual([]);
  });
});

function buildOf({ write, base }: Arena, line: string): string[] {
  write({ 'much/Dockerfile': `FROM base\n${line}\n` });
  return ['build', '--no-cache', '--build-context', `base=oci-layout://${base}`, 'much'];
}
