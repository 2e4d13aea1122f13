/** What is wrong with the file system of handlers itself. */
import type { Handlers } from './handlers.ts';
import type { Instance } from './instance.ts';

export interface HostFinding {
  id: 'not-mounted' | 'read-only' | 'switched-off' | 'empty-namespace' | 'unreadable';
  severity: 'problem' | 'note';
  text: string;
  hint: string;
}

export function judgeInstance(
  instance: Instance,
  { handlers, unreadable }: Handlers,
): HostFinding[] {
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
  if (unreadable.length > 0)
    findings.push({
      id: 'unreadable',
      severity: 'note',
      text: `the kernel's text about \`${unreadable.join('`, `')}\` cannot be read`,
      hint: `look into \`${path}\``,
    });
  if (kind !== 'host' && handlers.length + unreadable.length === 0)
    findings.push({
      id: 'empty-namespace',
      severity: 'problem',
      text: 'an empty binfmt_misc of a user namespace is in force: it hides the handlers of the host',
      hint: 'register here with `mpkit binfmt install`, or start without it',
    });
  return findings;
}
