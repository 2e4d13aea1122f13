import { describe, expect, it } from 'vitest';
import { splitCommand } from '../../src/cli/run-options.ts';

const image = 'oci-layout://x';

describe('the words of run', () => {
  it.each([
    ['after --', `${image} -- uname -m`, image, 'uname -m'],
    ['after the image', `${image} uname -m`, image, 'uname -m'],
    [
      'after flags behind the image',
      `${image} -e A=1 --network none uname -m`,
      `${image} -e A=1 --network none`,
      'uname -m',
    ],
    ['after -- behind such flags', `${image} -w / -- -x`, `${image} -w /`, '-x'],
    ['with a -- of its own', `${image} sh -c x -- y`, image, 'sh -c x -- y'],
    ['for a folder', '--rootfs d uname -m', '--rootfs d', 'uname -m'],
    ['for a folder with --', '--rootfs=d -- uname -m', '--rootfs=d', 'uname -m'],
    ['not at all', `--platform p ${image}`, `--platform p ${image}`, ''],
  ])('hold a command %s', (_, words, own, command) => {
    const split = splitCommand(words.split(' '));
    expect([split.own.join(' '), split.command.join(' ')]).toEqual([own, command]);
  });
});
