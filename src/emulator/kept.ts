/**
 * Which emulator and CPU model somebody chose for each architecture, in `emulators/choices.json`.
 * A choice that names what is no longer stored, or that cannot be read, counts as none.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { ioError } from '../errors.ts';

export interface KeptChoice {
  digest: string;
  /** For QEMU_CPU; `default` sets none. */
  cpu: string;
}

export function keptChoice(root: string, architecture: string): KeptChoice | undefined {
  return readChoices(root)[architecture];
}

/** Replaces the choices of these architectures, the others stay. */
export function keepChoices(root: string, choices: Record<string, KeptChoice>): void {
  const path = pathOf(root);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const text = `${JSON.stringify({ ...readChoices(root), ...choices }, undefined, 2)}\n`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, text, { flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw ioError(error, `keeping the choice of emulators in \`${path}\``);
  }
}

function readChoices(root: string): Record<string, KeptChoice> {
  try {
    const text = readFileSync(pathOf(root), 'utf8');
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : {};
  } catch {
    return {};
  }
}

function pathOf(root: string): string {
  return join(root, 'emulators', 'choices.json');
}

const schema = v.record(
  v.pipe(v.string(), v.regex(/^[a-z0-9]{1,20}$/)),
  v.strictObject({
    digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
    cpu: v.pipe(v.string(), v.regex(/^[A-Za-z0-9,._=+-]{1,200}$/)),
  }),
);
