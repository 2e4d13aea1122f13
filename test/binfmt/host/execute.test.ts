import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { judgeAnswer } from '../../../src/binfmt/host/execute.ts';

const { ENOEXEC, ENOENT, EACCES, EPERM } = constants.errno;
const line = (argv0: string, child = 'ok') =>
  `mpkit-probe 1 machine=aarch64 argv0=${argv0} child=${child}\n`;
const failed = (step: string, errno: number) => ({
  exitCode: 125,
  stdout: '',
  stderr: `{"error":{"step":"${step}","path":"","errno":${errno}}}\n`,
});
const ended = (exitCode: number, stdout = '', stderr = '') => ({ exitCode, stdout, stderr });

it.each<[string, Parameters<typeof judgeAnswer>[1], boolean, boolean, string]>([
  ['all is well', ended(0, line('ok')), true, true, 'runs as aarch64'],
  ['argv[0] is lost', ended(10, line('fail')), true, true, 'failed: argv0'],
  ['no child starts', ended(11, line('ok', 'fail')), true, false, 'failed: child'],
  [
    'it crashes behind its line',
    ended(139, line('ok')),
    true,
    false,
    'runs as aarch64 and ends with status 139',
  ],
  ['something else answers', ended(0, 'hello\n'), false, false, 'ends with status 0'],
  [
    'an emulator complains',
    ended(255, '', 'qemu: no\n'),
    false,
    false,
    'ends with status 255: qemu: no',
  ],
  [
    'nothing runs it',
    failed('execute', ENOEXEC),
    false,
    false,
    'exec format error: nothing runs linux/arm64',
  ],
  [
    'its emulator is gone',
    failed('execute', ENOENT),
    false,
    false,
    "its emulator, or that one's loader, is not there",
  ],
  [
    'its emulator is closed',
    failed('execute', EACCES),
    false,
    false,
    'its emulator may not be executed',
  ],
  ['nobody may look', failed('chroot', EPERM), false, false, 'cannot be tried: chroot failed'],
])('tells when %s', (_, answer, ran, passed, detail) =>
  expect(judgeAnswer('arm64', answer)).toMatchObject({ ran, passed, detail }),
);
