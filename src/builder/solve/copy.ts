/** COPY: files of a context or of another stage onto a writable layer. */
import { closeSync } from 'node:fs';
import { parseId, resolveGroup, resolveUser, splitOwner } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { createPause } from '../../pause.ts';
import {
  closeSelection,
  copySelection,
  type FileSource,
  hashSelection,
  type Selected,
  selectFiles,
} from '../context/index.ts';
import { type CopyOp, digestOf } from '../plan/index.ts';
import { chainOf } from '../snapshot/index.ts';
import type { Executor, Inputs, Work } from './executor.ts';

export async function copyWork(op: CopyOp, inputs: Inputs, executor: Executor): Promise<Work> {
  const { from, sources, ...rest } = op;
  const source = openSource(op, inputs, executor);
  const pause = createPause(executor.signal);
  let selected: Selected[] = [];
  const close = () => {
    closeSelection(selected);
    if (source.owner === 'kept') source.close();
  };
  try {
    selected = selectFiles(source, sources);
    const known = from === 'input' ? digestOf(['select', chainOf(inputs[1] ?? []), sources]) : '';
    const content =
      (known && executor.cache.findDigest(known)) || (await hashSelection(source, selected, pause));
    if (known) executor.cache.putDigest(known, content);
    const several = sources.length > 1;
    const keyOf = (digest: string) => [
      'copy',
      { ...rest, several, content: digest },
      chainOf(inputs[0] ?? []),
    ];
    return {
      key: keyOf(content),
      // somebody may have edited a file since it was read: the copy is known by what it holds
      perform: async ({ rootFd }) =>
        keyOf(
          await copySelection(
            source,
            selected,
            {
              rootFd,
              destination: op.destination,
              owner: ownerOf(op.chown, rootFd),
              mode: op.chmod,
              several,
            },
            pause,
          ),
        ),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function openSource(op: CopyOp, inputs: Inputs, executor: Executor): FileSource {
  if (op.from !== 'input') return executor.fileSource(op.from.context);
  const rootFd = executor.mounts.view(inputs[1] ?? []);
  return { rootFd, owner: 'kept', close: () => closeSync(rootFd) };
}

/** `--chown`: a number alone gives the same group, a name its primary group. */
function ownerOf(chown: string | undefined, rootFd: number) {
  if (chown === undefined || chown === '') return undefined;
  const [userWord = '', groupWord] = splitOwner(chown);
  const number = parseId(userWord);
  try {
    const user = resolveUser(rootFd, userWord);
    const own = number === undefined ? user.group : number;
    return { user: user.user, group: groupWord ? resolveGroup(rootFd, groupWord) : own };
  } catch (error) {
    if (error instanceof MpkitError)
      throw new MpkitError(error.code, `${error.message} (of \`--chown=${chown}\`)`);
    throw error;
  }
}
