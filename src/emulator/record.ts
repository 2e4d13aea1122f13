/**
 * What the store knows of an emulator: one small JSON file beside the program. Pure; the text is
 * hostile, because other programs can write into a state folder.
 */
import * as v from 'valibot';
import { parseVersion } from '../qemu-version.ts';

export interface EmulatorRecord {
  /** The OCI architecture that it emulates. */
  architecture: string;
  /** QEMU's own version, for example `11.1.3`. */
  version: string;
  source: {
    kind: 'path' | 'debian';
    /** A path, or `package=version/suite`. */
    from: string;
  };
  /** `sha256:` and 64 lower-case hexadecimal digits, of the program's bytes. */
  digest: string;
  /** Bytes. */
  size: number;
  /** When it was added, as ISO 8601 in UTC. */
  added: string;
}

/** Undefined where the text is anything but a complete record with no further fields. */
export function parseRecord(text: string): EmulatorRecord | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

export function formatRecord(record: EmulatorRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The hexadecimal part of a digest: the program's file name in the store. */
export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '');
}

/** No real emulator is half as large; a larger file is a mistake or an attack. */
export const MAX_PROGRAM = 256 * 1024 * 1024;

const line = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096), v.regex(/^\P{Cc}*$/u));

const schema = v.strictObject({
  architecture: v.pipe(v.string(), v.regex(/^[a-z0-9]{1,20}$/)),
  version: v.pipe(
    v.string(),
    v.check((text) => parseVersion(text) !== undefined),
  ),
  source: v.strictObject({ kind: v.picklist(['path', 'debian']), from: line }),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
  size: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PROGRAM)),
  added: v.pipe(v.string(), v.isoTimestamp()),
});
