/**
 * Which emulator and CPU model somebody chose for each architecture, in `emulators/choices.json`.
 * A choice that names what is no longer stored, or that cannot be read, counts as none.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { ioError } from '../errors.ts';
import { emulatorsFolder } from '../paths.ts';
import { readJson, writeWhole } from '../small-files.ts';
import { isCpuModel } from './cpu-model.ts';
import { withLock } from './lock.ts';

export interface KeptChoice {
  digest: string;
  /** For QEMU_CPU, `default` sets none; undefined: the model that mpkit takes by itself. */
  cpu?: string | undefined;
}

/** By architecture. */
export type KeptChoices = Readonly<Record<string, KeptChoice>>;

export function keptChoice(root: string, architecture: string): KeptChoice | undefined {
  return keptChoices(root)[architecture];
}

export function keptChoices(root: string): KeptChoices {
  const result = v.safeParse(schema, readJson(pathOf(root)));
  return result.success ? result.output : {};
}

/** Replaces the choices of these architectures, the others stay. */
export async function keepChoices(root: string, choices: KeptChoices): Promise<void> {
  await change(root, (kept) => ({ ...kept, ...choices }));
}

/** Takes back the choices that `isDropped`; resolves to their architectures. */
export async function dropChoices(
  root: string,
  isDropped: (architecture: string, choice: KeptChoice) => boolean,
): Promise<string[]> {
  const isKept = ([architecture, choice]: [string, KeptChoice]) => !isDropped(architecture, choice);
  // most have chosen nothing: no lock is made for them
  if (Object.entries(keptChoices(root)).every(isKept)) return [];
  let dropped: string[] = [];
  await change(root, (kept) => {
    const rest = Object.fromEntries(Object.entries(kept).filter(isKept));
    dropped = Object.keys(kept).filter((architecture) => !(architecture in rest));
    return rest;
  });
  return dropped;
}

/** Reads and writes under a lock, so that two who choose for different CPUs lose nothing. */
async function change(root: string, edit: (kept: KeptChoices) => KeptChoices): Promise<void> {
  const path = pathOf(root);
  try {
    mkdirSync(emulatorsFolder(root), { recursive: true });
    await withLock(join(emulatorsFolder(root), '.choices.lock'), { how: 'exclusive' }, async () => {
      const text = `${JSON.stringify(edit(keptChoices(root)), undefined, 2)}\n`;
      writeWhole(path, text, { flush: true });
    });
  } catch (error) {
    throw ioError(error, `keeping the choice of emulators in \`${path}\``);
  }
}

function pathOf(root: string): string {
  return join(emulatorsFolder(root), 'choices.json');
}

const schema = v.record(
  v.pipe(v.string(), v.regex(/^[a-z0-9]{1,20}$/)),
  v.strictObject({
    digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
    cpu: v.optional(v.pipe(v.string(), v.check(isCpuModel))),
  }),
);
