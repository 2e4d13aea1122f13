/** Files and folders that a flag names: there, of that kind, and readable. */
import { closeSync, openSync, statSync } from 'node:fs';
import { hostPath } from '../caller-paths.ts';
import { MpkitError } from '../errors.ts';
import { foreignContext } from './foreign-context.ts';
import { usageOf } from './verb.ts';

const usage = usageOf('build');

export function readableFile(path: string): string {
  const real = hostPath(path);
  if (statSync(real, { throwIfNoEntry: false })?.isFile()) return real;
  throw new MpkitError('not-found', `\`${path}\` is no file`);
}

export function readableFolder(path: string): string {
  try {
    const real = hostPath(path);
    if (!statSync(real).isDirectory()) throw usage(`\`${path}\` is no folder`);
    closeSync(openSync(real, 'r'));
    return real;
  } catch (error) {
    if (error instanceof MpkitError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw (
      (code === 'ENOENT' && foreignContext(path)) ||
      new MpkitError('not-found', `cannot read folder \`${path}\`: ${code}`)
    );
  }
}
