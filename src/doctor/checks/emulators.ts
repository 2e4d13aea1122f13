/** The emulators that mpkit keeps, and how fast and old they and the host's own are. */
import { cpuModel, type EmulatorRecord } from '../../emulator/index.ts';
import { needsHostHandlers } from '../binfmt-instance.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const emulatorChecks: Check[] = [
  {
    id: 'emulator.known',
    title: 'emulators in the state folder',
    run: (host) => withEmulators(host, (emulators) => judgeKnown(host, emulators)),
  },
  {
    id: 'emulator.age',
    title: 'their age',
    run: (host) => withEmulators(host, (emulators) => judgeAge(host, emulators)),
  },
  {
    id: 'emulator.arm64-speed',
    title: 'the slow arm64 CPU model of QEMU before 11',
    run: (host) => withEmulators(host, judgeSpeed),
  },
];

const halfYear = 183 * 24 * 60 * 60 * 1000;

function judgeKnown(host: HostFacts, emulators: EmulatorRecord[]): Finding[] {
  const id = 'emulator.known';
  if (emulators.length === 0 && needsHostHandlers(host))
    return [{ id, result: 'note', observed: 'none, and builds here need none of their own' }];
  if (emulators.length === 0)
    return [
      {
        id,
        result: 'warning',
        observed: 'none yet: the first build fetches them',
        remedy: 'mpkit emulator add',
      },
    ];
  const versions = [...new Set(emulators.map(({ version }) => version))].join(', ');
  const names = [...new Set(emulators.map(({ architecture }) => architecture))].join(', ');
  return [{ id, result: 'ok', observed: `QEMU ${versions}: ${names}` }];
}

function judgeAge(host: HostFacts, emulators: EmulatorRecord[]): Finding[] {
  const newest = Math.max(...emulators.map(({ added }) => Date.parse(added)));
  if (emulators.length === 0 || Number.isNaN(newest)) return [];
  const days = Math.max(0, Math.floor((host.now - newest) / 86_400_000));
  const observed = `added ${days} day${days === 1 ? '' : 's'} ago`;
  const id = 'emulator.age';
  return host.now - newest < halfYear
    ? [{ id, result: 'ok', observed }]
    : [{ id, result: 'note', observed, remedy: 'mpkit emulator rm --all && mpkit emulator add' }];
}

/** mpkit sets a fast model itself; whoever else runs that program gets the slow one. */
function judgeSpeed(emulators: EmulatorRecord[]): Finding[] {
  const used = emulators.find(({ architecture }) => architecture === 'arm64');
  if (!used) return [];
  const id = 'emulator.arm64-speed';
  const model = cpuModel('arm64', used.version);
  return model
    ? [
        {
          id,
          result: 'note',
          observed: `QEMU ${used.version} is slow on arm64 by default; mpkit sets QEMU_CPU=${model}`,
          remedy: 'mpkit emulator add --source debian',
        },
      ]
    : [{ id, result: 'ok', observed: `QEMU ${used.version} is fast on arm64 by default` }];
}

function withEmulators(
  host: HostFacts,
  judge: (emulators: EmulatorRecord[]) => Finding[],
): Finding[] {
  const emulators = host.trials?.inside?.emulators;
  return emulators ? judge(emulators) : [];
}
