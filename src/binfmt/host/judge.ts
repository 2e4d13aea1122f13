/**
 * What is wrong with one handler, as far as reading tells; `status` and the doctor add what
 * execution says.
 */
import { hostPlatform } from '../../platform.ts';
import type { RegisteredEntry } from '../entry.ts';
import { type Interpreter, interpreterAt } from './interpreter.ts';
import { claimedCpu, ruleFaults } from './match.ts';
import type { HostView } from './view.ts';

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

/** Findings of a handler that serves a CPU; a handler for anything else is not judged. */
export function judgeHandler(view: HostView, handler: RegisteredEntry): Finding[] {
  return judgeEntry(handler, interpreterAt(view, handler.interpreter));
}

/** The same by what is known of its interpreter. Pure. */
export function judgeEntry(handler: RegisteredEntry, file: Interpreter): Finding[] {
  const cpu = claimedCpu(handler);
  if (!cpu) return [];
  const { flags, interpreter } = handler;
  const findings = isSealed(handler) ? [] : judgeInterpreter(handler, file);
  const add = (id: Finding['id'], severity: Finding['severity'], text: string) =>
    findings.push({ id, severity, text });
  if (!handler.enabled) findings.unshift(problem('disabled', 'it is switched off'));
  if (!flags.includes('F'))
    add('no-fix-flag', 'problem', `no flag \`F\`: in a container \`${interpreter}\` is not found`);
  const faults = ruleFaults(handler, cpu);
  if (faults.length > 0) add('wrong-mask', 'problem', `wrong mask: it ${faults.join(' and ')}`);
  if (!flags.includes('P')) add('no-argv0-flag', 'note', 'no flag `P`: programs lose argv[0]');
  if (flags.includes('C'))
    add('credentials', 'note', 'flag `C`: setuid programs run the emulator with their rights');
  return findings;
}

/** The kernel holds a copy in memory: to anybody else its path means something else. */
function isSealed({ flags, interpreter }: RegisteredEntry): boolean {
  return flags.includes('F') && interpreter.startsWith('/proc/self/fd/');
}

function judgeInterpreter({ flags, interpreter }: RegisteredEntry, file: Interpreter): Finding[] {
  if (file.linkage === 'missing')
    return flags.includes('F')
      ? [
          {
            id: 'missing-interpreter',
            severity: 'note',
            text: `\`${interpreter}\` is gone: it runs on until the next boot`,
          },
        ]
      : [problem('missing-interpreter', `\`${interpreter}\` does not exist`)];
  const findings: Finding[] = [];
  const add = (id: Finding['id'], text: string) => findings.push(problem(id, text));
  if (!file.executable) add('not-executable', `\`${interpreter}\` may not be executed`);
  if (file.linkage === 'dynamic') {
    const loader = file.loader === undefined ? 'a loader' : `\`${file.loader}\``;
    add(
      'dynamic-interpreter',
      `\`${interpreter}\` is dynamically linked: it needs ${loader} in every root folder`,
    );
  }
  const host = hostPlatform().architecture;
  if (file.architecture !== undefined && file.architecture !== host)
    add('wrong-cpu', `\`${interpreter}\` is a program for ${file.architecture}`);
  return findings;
}

function problem(id: Finding['id'], text: string): Finding {
  return { id, severity: 'problem', text };
}
