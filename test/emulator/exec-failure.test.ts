import { constants } from 'node:os';
import { expect, it } from 'vitest';
import type { Program } from '../../src/binfmt/index.ts';
import { execFailure } from '../../src/emulator/exec-failure.ts';
import { hostPlatform, parsePlatform } from '../../src/platform.ts';

const own = hostPlatform().architecture;
const [guest, other] = own === 'arm64' ? ['s390x', 'riscv64'] : ['arm64', 'riscv64'];
const { ENOENT, ENOEXEC, EACCES, ENOMEM } = constants.errno;
const program = (architecture?: string): Program => ({
  path: '/bin/app',
  ...{ elf: true, architecture, next: [] },
});
const script: Program = { path: '/script', elf: false, next: ['/bin/app'] };
const missing = 'not found in the image (or its `#!` interpreter or loader is not)';
const foreign = `exec format error: it is ${other}, the step runs linux/${guest}`;

it.each<[string, number, Program[], string, string]>([
  ['a foreign program', ENOEXEC, [program(other)], 'command-refused', foreign],
  ['one whose handler has no emulator', ENOENT, [program(other)], 'command-refused', foreign],
  [
    'a script with a foreign interpreter',
    ENOENT,
    [script, program(other)],
    'command-refused',
    `exec format error: its interpreter \`/bin/app\` is ${other}, the step runs linux/${guest}`,
  ],
  [
    'a program of no known CPU',
    ENOEXEC,
    [program()],
    'command-refused',
    `exec format error: it is for another kind of CPU, the step runs linux/${guest}`,
  ],
  [
    'a file of text',
    ENOEXEC,
    [{ path: '/text', elf: false, next: [] }],
    'command-refused',
    'exec format error: it is no program, and no script that begins with `#!`',
  ],
  [
    'a program of the platform that nothing runs',
    ENOEXEC,
    [program(guest)],
    'command-refused',
    'exec format error: its CPU is not the platform of this step',
  ],
  ['nothing', ENOENT, [], 'command-missing', missing],
  ['a script without its interpreter', ENOENT, [script], 'command-missing', missing],
  ['a native program without its loader', ENOENT, [program(own)], 'command-missing', missing],
  ['one of the platform without its loader', ENOENT, [program(guest)], 'command-missing', missing],
  [
    'one that is closed',
    EACCES,
    [program(other)],
    'command-refused',
    'not executable for this user',
  ],
])('%s is told from others', (_, errno, chain, code, why) => {
  const platform = parsePlatform(`linux/${guest}`);
  expect(execFailure({ name: 'x', errno, chain, platform })).toMatchObject({
    ...{ code, message: `cannot execute \`x\`: ${why}` },
  });
});

it('says less where the platform is not known, and nothing of what is no fault of the image', () => {
  const chain = [program(other)];
  expect(execFailure({ name: 'x', errno: ENOEXEC, chain })?.message).toBe(
    `cannot execute \`x\`: exec format error: it is ${other}`,
  );
  expect(execFailure({ name: 'x', errno: ENOMEM, chain })).toBeUndefined();
});
