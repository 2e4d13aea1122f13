/**
 * What can be done without surprises: nothing is installed, replaced or restarted, and nothing
 * needs a reboot. Pure; whoever asked carries the commands out.
 */
import { addRangeCommand, hasRange } from './checks/ids.ts';
import type { Examination } from './examine.ts';
import type { HostFacts } from './facts.ts';

export interface Fix {
  /** As a person would type it. */
  command: string[];
  why: string;
}

export function fixesFor(host: HostFacts, { findings, tier }: Examination): Fix[] {
  const fixes: Fix[] = [];
  const add = (command: string, why: string) => fixes.push({ command: command.split(' '), why });
  const failed = (id: string) =>
    findings.find((each) => each.id === id && each.result !== 'ok' && each.remedy !== undefined);
  const isRoot = host.user.uid === 0;
  const invoker = host.environment.SUDO_USER;
  if (isRoot && invoker && invoker !== 'root' && host.find('usermod')) {
    const lines = (host.read('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
    const uid = Number(lines.find(([name]) => name === invoker)?.[2]);
    if (Number.isSafeInteger(uid) && !hasRange(host, { uid, gid: uid, name: invoker }))
      add(addRangeCommand(invoker, host), `\`${invoker}\` has no subordinate ids`);
  }
  const overlay = failed('overlay.userxattr');
  if (isRoot && overlay?.remedy && isCommand(overlay.remedy)) add(overlay.remedy, overlay.observed);
  for (const id of ['binfmt.support', 'binfmt.mounted', 'binfmt.enabled']) {
    const finding = failed(id);
    // where builds have handlers of their own, the host stays as it is
    if (isRoot && finding?.remedy && tier.name !== 'private namespace' && isCommand(finding.remedy))
      add(finding.remedy, finding.observed);
  }
  if (failed('emulator.known')) add('mpkit emulator add', 'no emulators yet');
  return fixes;
}

/** `echo 1 > …` needs a shell, which nobody wants here. */
function isCommand(remedy: string): boolean {
  return /^(modprobe|mount) /.test(remedy);
}
