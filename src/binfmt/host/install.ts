/** Registers emulators for the whole host, and believes it only after execution. */
import { MpkitError } from '../../errors.ts';
import { hostPlatform } from '../../platform.ts';
import type { RegisteredEntry } from '../entry.ts';
import { type Cpu, cpuOf } from '../table.ts';
import { listHandlers } from './handlers.ts';
import { type InstallRow, row } from './install-row.ts';
import { judgeHandler } from './judge.ts';
import { headOf, matches, ruleFaults } from './match.ts';
import { isPlaced, isWhole } from './place.ts';
import { type InstallOptions, replace } from './replace.ts';
import { execute, failure, type Tried, works } from './tried.ts';
import type { HostView } from './view.ts';
import { ownersOn, winnerOf } from './winner.ts';

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
  const isSound = works(tried) && winner !== undefined && ruleFaults(winner, cpu).length === 0;
  if (isSound && winner === own && (await isAsAsked(view, winner, cpu, options)))
    return row(cpu, 'present', winner, tried, { owner: 'mpkit', detail: tried.here.detail });
  const foreign = claimants.filter((each) => each !== own);
  if (isSound && winner !== own && !options.replace)
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
  view: HostView,
  { flags, interpreter }: RegisteredEntry,
  cpu: Cpu,
  { credentials, preserveArgv0, exactly, replace, emulatorFor }: InstallOptions,
): Promise<boolean> {
  if (flags.includes('C') !== credentials || (flags.includes('P') && !preserveArgv0)) return false;
  // what runs is the kernel's open copy; a boot needs the file
  if (!isWhole(view, interpreter)) return false;
  if (!exactly.has(cpu.architecture) && !replace) return true;
  const { digest } = await emulatorFor(cpu.architecture);
  return interpreter.endsWith(`-${digest.slice('sha256:'.length).slice(0, 16)}`);
}

function whyBroken(view: HostView, handler: RegisteredEntry, tried: Tried): string {
  const problems = judgeHandler(view, handler).filter(({ severity }) => severity === 'problem');
  const why = problems.length > 0 ? problems.map(({ text }) => text).join('; ') : failure(tried);
  return `${why}; \`--replace\` mends it`;
}
