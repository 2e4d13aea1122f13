/** Debian's binfmt-support: its database is written by its own tool only. */
import { runOrThrow } from '../../../process.ts';
import type { BinfmtEntry } from '../../entry.ts';
import type { HostView } from '../view.ts';
import { updateBinfmts } from './way.ts';

/** The kernel's entry must not be there: the tool refuses to touch what it did not make. */
export async function addToDatabase(view: HostView, entry: BinfmtEntry): Promise<void> {
  const { name, match, interpreter, flags } = entry;
  if ('extension' in match) throw new Error('only rules by magic are kept in the database');
  const says = (flag: string) => (flags.includes(flag) ? 'yes' : 'no');
  await update(view, [
    ...['--package', 'mpkit', '--install', name, interpreter],
    ...['--offset', `${match.offset}`, '--magic', escaped(match.magic)],
    ...(match.mask ? ['--mask', escaped(match.mask)] : []),
    ...['--credentials', says('C'), '--preserve', says('P'), '--fix-binary', says('F')],
  ]);
}

export async function removeFromDatabase(
  view: HostView,
  name: string,
  interpreter: string,
): Promise<void> {
  await update(view, ['--package', 'mpkit', '--remove', name, interpreter]);
}

async function update(view: HostView, words: string[]): Promise<void> {
  await runOrThrow(updateBinfmts(view) ?? 'update-binfmts', words, { env: { LC_ALL: 'C' } });
}

function escaped(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, '\\x$&');
}
