/** WORKDIR: makes the folder, owned by the stage's user, as a layer of its own. */
import { closeSync, lchownSync } from 'node:fs';
import { resolveUser, unmappedIds } from '../../emulator/index.ts';
import { makeFoldersInRoot } from '../context/index.ts';
import type { WorkdirOp } from '../plan/index.ts';
import { chainOf } from '../snapshot/index.ts';
import type { Inputs, Work } from './executor.ts';

export function workdirWork(op: WorkdirOp, inputs: Inputs): Work {
  return {
    key: ['workdir', op, chainOf(inputs[0] ?? [])],
    perform: ({ rootFd }) => {
      const owner = resolveUser(rootFd, op.user);
      const { user, group } = owner;
      const refused = unmappedIds(owner, `\`${op.path}\` cannot belong to \`${op.user}\``);
      if (refused) throw refused;
      closeSync(makeFoldersInRoot(rootFd, op.path, (made) => lchownSync(made, user, group)));
    },
  };
}
