import { describe, expect, it } from 'vitest';
import { chooseIdMap, type HostIds, singleIdWarning } from '../../src/emulator/id-map.ts';

const wholeHost = '         0          0 4294967295\n';
const high = `65536 ${2 ** 31 + 65536} ${2 ** 31 - 65537}`;
const user: HostIds = {
  uid: 1000,
  gid: 1000,
  userName: 'ann',
  subuid: '',
  subgid: '',
  passwd: '',
  group: '',
  ownMap: wholeHost,
  ownGroupMap: wholeHost,
  hasHelpers: true,
  mayMount: true,
  hasGroups: false,
};
const root: HostIds = { ...user, uid: 0, gid: 0, userName: 'root' };

describe('id maps', () => {
  it('do not give root its own 0', () => {
    const map = chooseIdMap(root);
    expect(map).toMatchObject({ how: 'direct', uids: `0 1900000000 65536,${high}` });
    expect(map.owner.uid).toBe(1_900_000_000);
  });

  it("use root's own range where it has one", () => {
    const map = chooseIdMap({
      ...root,
      subuid: 'root:500000:65536\n',
      subgid: 'root:500000:65536',
    });
    expect(map.uids).toBe(`0 500000 65536,${high}`);
  });

  it('give root of a small container all that it has', () => {
    const own = '0 100000 65536';
    const map = chooseIdMap({ ...root, ownMap: own, ownGroupMap: own });
    expect(map).toMatchObject({ uids: '0 0 65536', owner: { uid: 0 } });
  });

  it('leave root its 0 only where it can shift no ids', () => {
    const map = chooseIdMap({ ...root, mayMount: false });
    expect(map).toMatchObject({ uids: `0 0 1,1 1900000001 65535,${high}`, owner: { uid: 0 } });
  });

  it('keep every line of the container that root is in', () => {
    const own = '         0       1000          1\n         1     100000      65536\n';
    const map = chooseIdMap({ ...root, ownMap: own, ownGroupMap: '0 5 1' });
    expect(map).toMatchObject({ uids: '0 0 1,1 1 65536', gids: '0 0 1', owner: { uid: 0 } });
  });

  it('give root ids up to 2^31 for images, and never one that exists on the host', () => {
    const [, line = ''] = chooseIdMap(root).uids.split(',');
    const [inside = 0, outside = 0, count = 0] = line.split(' ').map(Number);
    expect([outside - inside, inside + count, outside + count]).toEqual([
      ...[2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1],
    ]);
    const taken = 3_000_000_000;
    for (const host of [
      { ...root, passwd: `x:x:${taken}:1::/:/bin/sh\n` },
      { ...root, subuid: `bob:100000:65536\nbob:${taken}:65536\n` },
    ])
      expect(chooseIdMap(host)).toMatchObject({
        uids: `0 1900000000 65536,65536 2147549184 ${taken - 2147549184}`,
        gids: `0 1900000000 65536,${high}`,
      });
    const own = { ...root, subuid: 'root:4000000000:65536', subgid: '' };
    expect(chooseIdMap(own).uids).toBe('0 4000000000 65536,65536 2147549184 1852450816');
    expect(chooseIdMap({ ...root, subuid: 'bob:2000000000:900000000' }).uids).toBe(
      '0 1900000000 65536',
    );
  });

  it('give a user all of a longer range', () => {
    const range = 'ann:100000:2000000000\n';
    expect(chooseIdMap({ ...user, subuid: range, subgid: range }).uids).toBe(
      '0 1000 1,1 100000 2000000000',
    );
  });

  it('put the user first and the subordinate range behind', () => {
    const range = 'bob:1:70000\nann:100000:65536\n';
    const map = chooseIdMap({ ...user, subuid: range, subgid: range });
    expect(map).toMatchObject({ how: 'helper', uids: '0 1000 1,1 100000 65536' });
  });

  it('know ranges by number too, and take the largest', () => {
    const range = '1000:100000:1000\n1000:300000:65536\n';
    expect(chooseIdMap({ ...user, subuid: range, subgid: range }).uids).toContain('300000');
  });

  it.each([
    ['no range', user],
    ['no helpers', { ...user, subuid: 'ann:1:70000', subgid: 'ann:1:70000', hasHelpers: false }],
    ['a range for groups only', { ...user, subgid: 'ann:100000:65536' }],
    ['a broken line', { ...user, subuid: 'ann:x:y', subgid: 'ann::' }],
  ])('fall back to one id with %s', (_, host) => {
    expect(chooseIdMap(host)).toMatchObject({ how: 'single', uids: '0 1000 1', gids: '0 1000 1' });
  });

  it('say which of both is missing', () => {
    expect(singleIdWarning({ ...user, hasHelpers: false })).toContain(
      'install the package `uidmap`',
    );
    expect(singleIdWarning(user)).toContain('usermod --add-subuids');
    expect(singleIdWarning(user)).not.toContain('your groups');
    expect(singleIdWarning({ ...user, hasGroups: true })).toContain('what your groups reach');
  });
});
