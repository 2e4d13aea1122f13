import { expect, it } from 'vitest';
import { readProbeAnswer } from '../../src/binfmt/probe-answer.ts';

it('reads the line of a probe, also behind what an emulator says', () => {
  const line = 'mpkit-probe 1 machine=aarch64 argv0=fail child=ok\n';
  const answer = { machine: 'aarch64', checks: { argv0: false, child: true } };
  expect(readProbeAnswer(line)).toEqual(answer);
  expect(readProbeAnswer(`qemu: warning: machine=none\n${line}`)).toEqual(answer);
});

it.each([
  '',
  'machine=aarch64 argv0=ok\n',
  'mpkit-probe 2 machine=aarch64\n',
  'mpkit-probe 1 argv0=ok\n',
  'so mpkit-probe 1 machine=aarch64\n',
])('takes %j for no answer', (output) => expect(readProbeAnswer(output)).toBeUndefined());
