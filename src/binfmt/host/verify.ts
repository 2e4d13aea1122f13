/** Executes one check after the other for each CPU: what a handler promises is not asked. */
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeFolder } from '../../paths.ts';
import { hostPlatform } from '../../platform.ts';
import { cpuOf } from '../table.ts';
import { askProbe, executeProbe } from './execute.ts';
import { listHandlers } from './handlers.ts';
import { ruleFaults } from './match.ts';
import type { HostView } from './view.ts';
import { winnerOf } from './winner.ts';

export const properties = [
  'runs',
  'chroot',
  'argv0',
  'child',
  'thread',
  'signal',
  'large',
  'setuid',
] as const;
export type Property = (typeof properties)[number];

export interface Cell {
  /** `not-promised`: it fails, and the handler never said it would work. */
  result: 'pass' | 'fail' | 'not-promised' | 'cannot-tell';
  detail: string;
}

export interface VerifyRow {
  platform: string;
  architecture: string;
  handler: string | undefined;
  cells: Record<Property, Cell>;
}

export async function verifyArchitecture(view: HostView, architecture: string): Promise<VerifyRow> {
  const cpu = cpuOf(architecture)!;
  const handler = winnerOf(cpu, listHandlers(view));
  const here = await executeProbe(architecture, 'host');
  const empty = await executeProbe(architecture, 'empty-root');
  const cell = (passed: boolean, detail: string): Cell => ({
    result: passed ? 'pass' : 'fail',
    detail: passed ? '' : detail,
  });
  const word = (name: string) =>
    cell(
      here.ran && here.checks[name] === true,
      here.ran ? `the probe's \`${name}\`` : here.detail,
    );
  // the probe is one program of many: a rule may catch it and miss others
  const faults = handler ? ruleFaults(handler, cpu) : [];
  const wrongRule = `wrong mask: \`${handler?.name}\` ${faults.join(' and ')}; \`--replace\` mends it`;
  const program = join(probeFolder(), architecture);
  const large = here.ran ? await askProbe(program, ['large', '6']) : undefined;
  return {
    platform: `linux/${architecture}`,
    architecture,
    handler: handler?.name,
    cells: {
      runs: cell(here.ran && faults.length === 0, here.ran ? wrongRule : here.detail),
      chroot: cell(empty.ran, empty.detail),
      argv0: word('argv0'),
      child: word('child'),
      thread: word('thread'),
      signal: word('signal'),
      large: cell(
        large === 0 && here.checks.offset === true,
        here.ran ? 'a file of 6 GiB' : here.detail,
      ),
      setuid: await setuid(architecture, here.ran, handler !== undefined, handler?.flags ?? ''),
    },
  };
}

const [owner, user] = [65_532, 65_533];

/** A copy that belongs to one user and is started by another; the host's own CPU is the control. */
async function setuid(
  architecture: string,
  runs: boolean,
  emulated: boolean,
  flags: string,
): Promise<Cell> {
  if (!runs) return { result: 'fail', detail: 'it does not run' };
  if (process.geteuid?.() !== 0) return { result: 'cannot-tell', detail: 'only root can try it' };
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-setuid-'));
  try {
    chmodSync(folder, 0o755);
    const statusOf = (each: string) => {
      const program = join(folder, each);
      copyFileSync(join(probeFolder(), each), program);
      chownSync(program, owner, owner);
      chmodSync(program, 0o4755);
      return askProbe(program, ['euid', `${owner}`], user);
    };
    if ((await statusOf(hostPlatform().architecture)) !== 0)
      return { result: 'cannot-tell', detail: `\`${tmpdir()}\` honours no setuid programs` };
    if ((await statusOf(architecture)) === 0) return { result: 'pass', detail: '' };
    if (emulated && !flags.includes('C'))
      return { result: 'not-promised', detail: 'no flag `C`: setuid programs stay powerless' };
    return { result: 'fail', detail: 'a setuid program did not get its owner' };
  } catch (error) {
    return { result: 'cannot-tell', detail: (error as Error).message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
