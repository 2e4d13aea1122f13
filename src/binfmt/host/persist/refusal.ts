/** Why boot configuration could not be written, in words for the user. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ioError, MpkitError } from '../../../errors.ts';
import { parseMounts } from '../../../mountinfo.ts';
import type { HostView } from '../view.ts';

/** What Node threw, as an error of mpkit's; a bug stays what it is. */
export function refusal(error: unknown, view: HostView): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (error instanceof MpkitError || code === undefined || path === undefined) return error;
  const file = `/${relative(view.root, path)}`;
  if (code === 'EROFS') return new MpkitError('io', `\`${mountOf(path)}\` is read-only`);
  return ioError(error, `writing \`${file}\``);
}

export function notOurs(file: string): MpkitError {
  return new MpkitError('io', `\`${file}\` is not mpkit's own: it is a link, or others wrote it`, {
    hint: 'move it away first',
  });
}

/** The longest target above a path. */
function mountOf(path: string): string {
  const targets = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'))
    .map(({ target }) => target)
    .filter((target) => target === '/' || `${path}/`.startsWith(`${target}/`));
  return targets.sort((a, b) => b.length - a.length)[0] ?? '/';
}
