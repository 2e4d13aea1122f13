/** What is wrong with one handler, as far as reading tells; `status` adds what execution says. */
import { accessSync, constants, statSync } from 'node:fs';
import { hostPlatform } from '../../platform.ts';
import { architectureOf, readElf } from '../elf.ts';
import type { RegisteredEntry } from '../entry.ts';
import { claimedCpu, ruleFaults } from './match.ts';
import { at, type HostView } from './view.ts';

export interface Finding {
  id:
    | 'disabled'
    | 'missing-interpreter'
    | 'not-executable'
    | 'dynamic-interpreter'
    | 'wrong-cpu'
    | 'no-fix-flag'
    | 'wrong-mask'
    | 'no-argv0-flag'
    | 'credentials'
    | 'shadowed';
  /** A note is worth knowing and breaks nothing by itself. */
  severity: 'problem' | 'note';
  text: string;
}

export interface Linkage {
  kind: 'static' | 'dynamic' | 'missing' | 'unreadable';
  loader?: string;
  /** The CPU that the interpreter itself is for. */
  architecture?: string | undefined;
}

/** Findings of a handler that serves a CPU; a handler for anything else is not judged. */
export function judgeHandler(view: HostView, handler: RegisteredEntry): Finding[] {
  const cpu = claimedCpu(handler);
  if (!cpu) return [];
  const findings: Finding[] = [];
  const add = (id: Finding['id'], severity: Finding['severity'], text: string) =>
    findings.push({ id, severity, text });
  const { flags, interpreter } = handler;
  const link = linkage(view, interpreter);
  const opened = flags.includes('F');
  if (!handler.enabled) add('disabled', 'problem', 'it is switched off');
  if (link.kind === 'missing')
    add(
      'missing-interpreter',
      opened ? 'note' : 'problem',
      opened
        ? `\`${interpreter}\` is gone: it runs on until the next boot`
        : `\`${interpreter}\` does not exist`,
    );
  else if (!isExecutable(view, interpreter))
    add('not-executable', 'problem', `\`${interpreter}\` may not be executed`);
  if (link.kind === 'dynamic')
    add(
      'dynamic-interpreter',
      'problem',
      `\`${interpreter}\` is dynamically linked: it needs \`${link.loader}\` in every root folder`,
    );
  const host = hostPlatform().architecture;
  if (link.architecture !== undefined && link.architecture !== host)
    add('wrong-cpu', 'problem', `\`${interpreter}\` is a program for ${link.architecture}`);
  if (!opened)
    add('no-fix-flag', 'problem', `no flag \`F\`: in a container \`${interpreter}\` is not found`);
  const faults = ruleFaults(handler, cpu);
  if (faults.length > 0) add('wrong-mask', 'problem', `wrong mask: it ${faults.join(' and ')}`);
  if (!flags.includes('P')) add('no-argv0-flag', 'note', 'no flag `P`: programs lose argv[0]');
  if (flags.includes('C'))
    add('credentials', 'note', 'flag `C`: setuid programs run the emulator with their rights');
  return findings;
}

export function linkage(view: HostView, interpreter: string): Linkage {
  const path = at(view, interpreter);
  try {
    if (!statSync(path).isFile()) return { kind: 'unreadable' };
    const facts = readElf(path);
    if (!facts) return { kind: 'unreadable' };
    const architecture = architectureOf(facts);
    if (facts.interpreter === undefined) return { kind: 'static', architecture };
    return { kind: 'dynamic', loader: facts.interpreter, architecture };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { kind: missing ? 'missing' : 'unreadable' };
  }
}

function isExecutable(view: HostView, interpreter: string): boolean {
  try {
    accessSync(at(view, interpreter), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
