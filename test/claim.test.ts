/** Others clear up after the dead between any two system calls of those who are alive. */
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { claimNew, removeUnclaimed } from '../src/claim.ts';

const parent = mkdtempSync(join(tmpdir(), 'mpkit-claim-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const make = () => ({ path: join(mkdtempSync(join(parent, 'own-')), '.lock') });
const open = (path: string) => openSync(path, 'w');
const openThere = (path: string) => openSync(path, 'r');
const remove = (folder: string) => () => rmSync(folder, { recursive: true });
const clearUp = () => {
  for (const name of readdirSync(parent))
    removeUnclaimed(join(parent, name, '.lock'), openThere, remove(join(parent, name)));
};

describe('a new claim', () => {
  const claims: [moment: string, (path: string, turn: number) => number][] = [
    [
      'before its lock is made',
      (path, turn) => {
        if (turn === 0) rmSync(dirname(path), { recursive: true });
        return open(path);
      },
    ],
    [
      'between making and locking',
      (path, turn) => {
        const fd = open(path);
        if (turn === 0) clearUp();
        return fd;
      },
    ],
  ];
  it.each(claims)('that is taken for dead %s is made again', (_, openAt) => {
    let turns = 0;
    const { path, fd } = claimNew(make, (each) => openAt(each, turns++));
    expect(turns).toBe(2);
    clearUp();
    expect(existsSync(path)).toBe(true);
    closeSync(fd);
    clearUp();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('that waits for its lock while it is removed is made again', () => {
    let turns = 0;
    let other: number | undefined;
    const { path, fd } = claimNew(make, (each) => {
      const own = open(each);
      // who clears up holds the lock of what it removes
      if (turns++ === 0) other = claimNew(() => ({ path: each }), openThere).fd;
      return own;
    });
    closeSync(other!);
    expect([turns, existsSync(path)]).toEqual([2, true]);
    closeSync(fd);
    clearUp();
    expect(readdirSync(parent)).toEqual([]);
  });
});

it('two who clear up the same do not disturb each other', () => {
  const { path, fd } = claimNew(make, open);
  closeSync(fd);
  const slow = (each: string) => {
    const late = openThere(each);
    clearUp();
    return late;
  };
  expect(removeUnclaimed(path, slow, remove(dirname(path)))).toBeUndefined();
  expect(removeUnclaimed(path, openThere, remove(dirname(path)))).toBe('no lock');
});
