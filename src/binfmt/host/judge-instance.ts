/** What is wrong with the file system of handlers itself. */
import type { Instance } from './instance.ts';

export interface HostFinding {
  id: 'not-mounted' | 'read-only' | 'switched-off' | 'empty-namespace';
  severity: 'problem' | 'note';
  text: string;
  hint: string;
}

export function judgeInstance(instance: Instance, count: number): HostFinding[] {
  const { path, kind, mounted, readOnly, enabled } = instance;
  if (!mounted)
    return [
      {
        id: 'not-mounted',
        severity: 'problem',
        text: `binfmt_misc is not mounted on \`${path}\``,
        hint: '`mpkit binfmt install` mounts it',
      },
    ];
  const findings: HostFinding[] = [];
  if (readOnly)
    findings.push({
      id: 'read-only',
      severity: 'problem',
      text: `\`${path}\` is mounted read-only`,
      hint: `\`mount -o remount,rw ${path}\``,
    });
  if (enabled === false)
    findings.push({
      id: 'switched-off',
      severity: 'problem',
      text: 'all handlers are switched off',
      hint: `\`echo 1 > ${path}/status\`, or \`mpkit binfmt install\``,
    });
  if (kind !== 'host' && count === 0)
    findings.push({
      id: 'empty-namespace',
      severity: 'problem',
      text: 'an empty binfmt_misc of a user namespace is in force: it hides the handlers of the host',
      hint: 'register here with `mpkit binfmt install`, or start without it',
    });
  return findings;
}
