/** Registers emulators for the whole host, and believes it only after execution. */
import { release } from 'node:os';
import { MpkitError } from '../../errors.ts';
import { hostPlatform } from '../../platform.ts';
import type { BinfmtEntry, RegisteredEntry } from '../entry.ts';
import { type Cpu, cpuOf } from '../table.ts';
import { type Execution, executeProbe } from './execute.ts';
import { listHandlers, readHandler, register, unregister } from './handlers.ts';
import { judgeHandler } from './judge.ts';
import { headOf, matches } from './match.ts';
import { isPlaced, placeEmulator } from './place.ts';
import type { HostView } from './view.ts';
import { type Owner, ownersOn, winnerOf } from './winner.ts';

export interface HostEmulator {
  version: string;
  /** `sha256:` and 64 digits. */
  digest: string;
  read: () => Promise<Buffer>;
}

export interface InstallOptions {
  architectures: readonly string[];
  /** The emulator to use; asked only where one has to be registered or is to be compared. */
  emulatorFor: (architecture: string) => Promise<HostEmulator>;
  /** An emulator was asked for by name, so an entry with another one does not do. */
  exactly: ReadonlySet<string>;
  replace: boolean;
  credentials: boolean;
  preserveArgv0: boolean;
}

export interface InstallRow {
  architecture: string;
  platform: string;
  /** `kept`: somebody else's handler works; `broken`: it does not, and was left alone. */
  result: 'registered' | 'replaced' | 'present' | 'native' | 'kept' | 'broken' | 'failed';
  ok: boolean;
  handler: string | undefined;
  owner: Owner | undefined;
  interpreter: string | undefined;
  version: string | undefined;
  flags: string | undefined;
  /** Executed in a fresh process, and from inside a root folder that holds no emulator. */
  runs: boolean;
  inEmptyRoot: boolean;
  argv0: boolean;
  detail: string;
}

export async function installHandlers(
  view: HostView,
  options: InstallOptions,
): Promise<InstallRow[]> {
  const rows: InstallRow[] = [];
  for (const architecture of options.architectures) {
    const cpu = cpuOf(architecture);
    if (!cpu) throw new MpkitError('usage', `no CPU \`${architecture}\` is known`);
    try {
      rows.push(await installOne(view, cpu, options));
    } catch (error) {
      if (!(error instanceof MpkitError)) throw error;
      rows.push(row(cpu, 'failed', undefined, undefined, { detail: error.message }));
    }
  }
  return rows;
}

async function installOne(view: HostView, cpu: Cpu, options: InstallOptions): Promise<InstallRow> {
  const handlers = listHandlers(view);
  const claimants = handlers.filter((each) => serves(each, cpu));
  const winner = winnerOf(cpu, handlers);
  const tried = await execute(cpu);
  if (!winner && tried.here.passed && claimants.length === 0)
    return row(cpu, 'native', undefined, tried, { detail: 'this CPU runs it without an emulator' });
  if (cpu.architecture === hostPlatform().architecture)
    return row(cpu, 'native', winner, tried, { detail: 'an emulator would only slow it down' });
  const own = claimants.find(({ interpreter }) => isPlaced(interpreter));
  if (winner && winner === own && works(tried) && (await isAsAsked(winner, cpu, options)))
    return row(cpu, 'present', winner, tried, { owner: 'mpkit', detail: tried.here.detail });
  const foreign = claimants.filter((each) => each !== own);
  if (winner && winner !== own && works(tried) && !options.replace)
    return row(cpu, 'kept', winner, tried, {
      owner: ownersOn(view)(winner),
      detail: tried.here.checks.argv0 ? tried.here.detail : 'runs, but loses argv[0]',
    });
  const bad = winner ?? foreign[0];
  if (bad && bad !== own && !options.replace)
    return row(cpu, 'broken', bad, tried, {
      owner: ownersOn(view)(bad),
      detail: whyBroken(view, bad, tried),
    });
  return replace(view, cpu, { own, foreign, options });
}

/** What was there comes back where the new handler does not work. */
async function replace(
  view: HostView,
  cpu: Cpu,
  {
    own,
    foreign,
    options,
  }: { own: RegisteredEntry | undefined; foreign: RegisteredEntry[]; options: InstallOptions },
): Promise<InstallRow> {
  const emulator = await options.emulatorFor(cpu.architecture);
  const interpreter = placeEmulator(view, cpu.qemu[0]!, await emulator.read());
  const old = [...foreign, ...(own ? [own] : [])];
  for (const { name } of old) unregister(view, name);
  const name = `mpkit-${cpu.architecture}`;
  const entry = { name, match: { offset: 0, magic: cpu.magic, mask: cpu.mask }, interpreter };
  let last: Tried | undefined;
  try {
    for (const flags of flagChoices(emulator.version, options)) {
      if (readHandler(view, name)) unregister(view, name);
      const made = register(view, { ...entry, flags });
      last = await execute(cpu);
      const kept = !flags.includes('P') || last.here.checks.argv0;
      if (works(last) && kept)
        return row(cpu, old.length > 0 ? 'replaced' : 'registered', made, last, {
          owner: 'mpkit',
          version: emulator.version,
          detail: last.here.detail,
        });
    }
  } catch (error) {
    restore(view, name, old);
    throw error;
  }
  restore(view, name, old);
  return row(cpu, 'failed', undefined, last, {
    version: emulator.version,
    detail: `QEMU ${emulator.version} was registered and ${last ? failure(last) : 'did not run'}`,
  });
}

interface Tried {
  here: Execution;
  empty: Execution;
}

async function execute({ architecture }: Cpu): Promise<Tried> {
  const here = await executeProbe(architecture, 'host');
  return { here, empty: here.ran ? await executeProbe(architecture, 'empty-root') : here };
}

function works({ here, empty }: Tried): boolean {
  return here.passed && empty.passed;
}

function failure({ here, empty }: Tried): string {
  return here.passed ? `from inside another root folder: ${empty.detail}` : here.detail;
}

/** Catches the CPU's programs, or says by its name that it should. */
function serves(handler: RegisteredEntry, cpu: Cpu): boolean {
  const names = [...cpu.qemu, ...cpu.qemu.map((qemu) => `${qemu}-binfmt`)];
  return (
    matches(handler, headOf(cpu)) ||
    names.includes(handler.name) ||
    handler.name === `mpkit-${cpu.architecture}`
  );
}

async function isAsAsked(
  { flags, interpreter }: RegisteredEntry,
  cpu: Cpu,
  { credentials, preserveArgv0, exactly, replace, emulatorFor }: InstallOptions,
): Promise<boolean> {
  if (flags.includes('C') !== credentials || (flags.includes('P') && !preserveArgv0)) return false;
  if (!exactly.has(cpu.architecture) && !replace) return true;
  const { digest } = await emulatorFor(cpu.architecture);
  return interpreter.endsWith(`-${digest.slice('sha256:'.length).slice(0, 16)}`);
}

/**
 * QEMU keeps argv[0] when the kernel tells it so: QEMU 6.0, Linux 5.12. Execution decides; without
 * `P` it runs anywhere.
 */
function flagChoices(version: string, { credentials, preserveArgv0 }: InstallOptions): string[] {
  const base = credentials ? 'OCF' : 'F';
  const knows = Number.parseInt(version, 10) >= 6 && kernelAtLeast(5, 12);
  return preserveArgv0 && knows ? [`P${base}`, base] : [base];
}

function kernelAtLeast(major: number, minor: number): boolean {
  const [own = 0, ownMinor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return own > major || (own === major && ownMinor >= minor);
}

function restore(view: HostView, name: string, old: RegisteredEntry[]): void {
  if (readHandler(view, name)) unregister(view, name);
  for (const entry of [...old].reverse()) {
    try {
      register(view, plain(entry));
    } catch {
      // it was broken before: its emulator is not even there
    }
  }
}

function plain({ name, match, interpreter, flags }: RegisteredEntry): BinfmtEntry {
  return { name, match, interpreter, flags: flags.replaceAll(/[^POCF]/g, '') };
}

function whyBroken(view: HostView, handler: RegisteredEntry, tried: Tried): string {
  const problems = judgeHandler(view, handler).filter(({ severity }) => severity === 'problem');
  const why = problems.length > 0 ? problems.map(({ text }) => text).join('; ') : failure(tried);
  return `${why}; \`--replace\` mends it`;
}

function row(
  { architecture }: Cpu,
  result: InstallRow['result'],
  handler: RegisteredEntry | undefined,
  tried: Tried | undefined,
  more: { detail: string; owner?: Owner; version?: string },
): InstallRow {
  return {
    architecture,
    platform: `linux/${architecture}`,
    result,
    ok: result !== 'broken' && result !== 'failed',
    handler: handler?.name,
    owner: more.owner,
    interpreter: handler?.interpreter,
    version: more.version,
    flags: handler?.flags,
    runs: tried?.here.passed ?? false,
    inEmptyRoot: tried?.empty.passed ?? false,
    argv0: tried?.here.checks.argv0 ?? false,
    detail: more.detail,
  };
}
