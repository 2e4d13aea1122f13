import { describe, expect, it } from 'vitest';
import { type HostFiles, instanceOf, judgeInstance } from '../../../src/binfmt/index.ts';

const folder = '/proc/sys/fs/binfmt_misc';
const mounted = (options = 'rw', superOptions = 'rw') =>
  `35 23 0:30 / ${folder} rw - autofs systemd-1 rw\n60 35 0:40 / ${folder} ${options} - binfmt_misc binfmt_misc ${superOptions}\n`;

interface Known {
  mounts?: string;
  release?: string;
  namespace?: string | undefined;
  map?: string;
  owner?: number;
  status?: string | undefined;
}

function host(known: Known): HostFiles {
  const all = { mounts: mounted(), release: '6.18.0', map: '0 0 4294967295', ...known };
  const texts: Record<string, string | undefined> = {
    '/proc/self/mountinfo': all.mounts,
    '/proc/self/uid_map': `         ${all.map}\n`,
    [`${folder}/status`]: 'status' in known ? known.status : 'enabled\n',
  };
  return {
    kernel: { release: all.release },
    read: (path) => texts[path],
    link: () => all.namespace,
    file: () => ({ uid: all.owner ?? 0, writable: true }),
  };
}

describe('whose instance it is', () => {
  const inside = 'user:[4026532000]';
  it.each<[string, Known, string]>([
    ['no user namespace', { namespace: 'user:[4026531837]', map: '0 0 1' }, 'host'],
    ['no user namespace by the map alone', {}, 'host'],
    ['a namespace that maps every id to itself', { namespace: inside }, 'namespace'],
    ['a namespace whose root is the host’s', { namespace: inside, map: '0 0 1' }, 'namespace'],
    ['a range, and its own root’s files', { namespace: inside, map: '0 100000 65536' }, 'private'],
    ['a range by the map alone', { map: '0 100000 65536' }, 'private'],
    ['a range, and files of nobody', { map: '0 100000 65536', owner: 65534 }, 'host'],
    ['a kernel before 6.7', { map: '0 0 1', release: '6.1.0-28-amd64' }, 'host'],
    ['nothing mounted', { map: '0 100000 65536', mounts: '' }, 'namespace'],
  ])('%s', (_, known, kind) => expect(instanceOf(host(known)).kind).toBe(kind));
});

describe('its state', () => {
  it.each<[string, Known, object]>([
    ['well', {}, { mounted: true, readOnly: false, enabled: true, writable: true }],
    ['a read-only mount', { mounts: mounted('ro') }, { readOnly: true, writable: false }],
    ['a read-only file system', { mounts: mounted('rw', 'ro') }, { readOnly: true }],
    ['the automount only', { mounts: mounted().split('\n')[0]! }, { mounted: false }],
    ['switched off', { status: 'disabled\n' }, { enabled: false }],
    ['a switch that cannot be read', { status: undefined }, { enabled: undefined }],
  ])('%s', (_, known, state) => expect(instanceOf(host(known))).toMatchObject(state));

  it('is judged: what is unknown is no fault, what nobody can read is told', () => {
    const found = { handlers: [], unreadable: ['odd'] };
    const ids = (known: Known) => judgeInstance(instanceOf(host(known)), found).map(({ id }) => id);
    expect(ids({ status: undefined })).toEqual(['unreadable']);
    expect(ids({ status: 'disabled', mounts: mounted('ro') })).toEqual([
      ...['read-only', 'switched-off', 'unreadable'],
    ]);
    expect(ids({ map: '0 100000 65536' })).toEqual(['unreadable']);
  });
});
