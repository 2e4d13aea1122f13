/** What lies where a handler has its emulator: whether and by what it can be started. */
import { accessSync, constants, statSync } from 'node:fs';
import { architectureOf, readElf } from '../elf.ts';
import { at, type HostView } from './view.ts';

export interface Interpreter {
  linkage: 'static' | 'dynamic' | 'missing' | 'unreadable';
  loader?: string;
  /** The CPU that the interpreter itself is for. */
  architecture?: string | undefined;
  executable: boolean;
}

export function interpreterAt(view: HostView, interpreter: string): Interpreter {
  const path = at(view, interpreter);
  try {
    if (!statSync(path).isFile()) return { linkage: 'unreadable', executable: false };
    const executable = isExecutable(path);
    const facts = readElf(path);
    if (!facts) return { linkage: 'unreadable', executable };
    const architecture = architectureOf(facts);
    if (facts.interpreter === undefined) return { linkage: 'static', architecture, executable };
    return { linkage: 'dynamic', loader: facts.interpreter, architecture, executable };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { linkage: missing ? 'missing' : 'unreadable', executable: isExecutable(path) };
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
