import { describe, expect, it } from 'vitest';
import { chooseIdMap, type HostIds, singleIdWarning } from '../../src/emulator/id-map.ts';

const wholeHost = '         0          0 4294967295\n';
const user: HostIds = {
  uid: 1000,
  gid: 1000,
  userName: 'ann',
  subuid: '',
  subgid: '',
  ownMap: wholeHost,
  hasHelpers: true,
};
const root: HostIds = { ...user, uid: 0, gid: 0, userName: 'root' };

describe('id maps', () => {
  it('never give root its own 0', () => {
    const map = chooseIdMap(root);
    expect(map).toMatchObject({ how: 'direct', uids: '0 1900000000 65536' });
    expect(map.owner.uid).toBe(1_900_000_000);
  });

  it("use root's own range where it has one", () => {
    const map = chooseIdMap({
      ...root,
      subuid: 'root:500000:65536\n',
      subgid: 'root:500000:65536',
    });
    expect(map.uids).toBe('0 500000 65536');
  });

  it('give root of a small container all that it has', () => {
    const map = chooseIdMap({ ...root, ownMap: '0 100000 65536' });
    expect(map).toMatchObject({ uids: '0 0 65536', owner: { uid: 0 } });
  });

  it('put the user first and the subordinate range behind', () => {
    const range = 'bob:1:70000\nann:100000:65536\n';
    const map = chooseIdMap({ ...user, subuid: range, subgid: range });
    expect(map).toMatchObject({ how: 'helper', uids: '0 1000 1,1 100000 65535' });
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
  });
});
