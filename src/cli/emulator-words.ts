/** What the verbs of `mpkit emulator` share: their words and what they print. */
import { parseArgs } from 'node:util';
import { cpuOf, cpus } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { parsePlatform } from '../platform.ts';

export interface CommandIo {
  /** The state folder. */
  root: string;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  /** Where stderr is one. */
  terminal?: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;
  signal?: AbortSignal;
}

export type Command = (argv: string[], io: CommandIo) => Promise<number>;

type OptionSpec = Record<string, { type: 'boolean' | 'string' }>;

export function parseFlags<T extends OptionSpec>(args: string[], options: T) {
  try {
    return parseArgs({
      args,
      options: { ...options, help: { type: 'boolean', short: 'h' } as const },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('. ');
    throw usage(first.charAt(0).toLowerCase() + first.slice(1).replaceAll("'", '`'));
  }
}

export function show(text: string, io: CommandIo): number {
  io.stdout(text);
  return 0;
}

/** The OCI architecture that a platform names; throws `usage` where nothing emulates it. */
export function emulatedArchitecture(platform: string): string {
  const { os, architecture } = parsePlatform(platform);
  if (os === 'linux' && cpuOf(architecture)) return architecture;
  throw usage(`no emulator exists for \`${platform}\``, supported());
}

/** What `rm` and `choose` accept: twelve digits name one of a handful without doubt. */
export function shortDigest(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

/** Columns as wide as they need. */
export function formatRows(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `${row.map((cell, n) => cell.padEnd(widths[n]!)).join('  ')}`.trimEnd())
    .join('\n')
    .concat('\n');
}

export function usage(
  message: string,
  hint = '`mpkit emulator --help` shows the verbs',
): MpkitError {
  return new MpkitError('usage', message, { hint });
}

function supported(): string {
  return `emulated are ${cpus.map((cpu) => cpu.architecture).join(', ')}`;
}
