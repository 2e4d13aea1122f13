/**
 * Does what a boot would do with handlers, in a binfmt_misc that only this test sees (Linux 6.7),
 * and executes every probe there: configuration that nobody has tried promises nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, sandboxProgram } from '../../paths.ts';
import { run } from '../../process.ts';
import { cpuOf } from '../table.ts';
import { ownScript } from './boot-files.ts';
import { executeProbe } from './execute.ts';
import { listHandlers } from './handlers.ts';
import { systemdBinfmt, updateBinfmts } from './persist/way.ts';
import { at, type HostView } from './view.ts';
import { winnerOf } from './winner.ts';

export interface Replay {
  /** Whether it could be tried; `detail` says why not. */
  tried: boolean;
  detail: string;
  rows: { architecture: string; handler: string | undefined; works: boolean; detail: string }[];
}

/** Starts this program again where `replayHere` can do no harm. */
export async function replayBoot(architectures: readonly string[]): Promise<Replay> {
  const self = [process.execPath, 'node', join(packageRoot(), 'dist/main.js')];
  const words = ['view', '--binfmt', '--', ...self, 'binfmt', 'replay', ...architectures];
  const { exitCode, stdout, stderr } = await run(sandboxProgram(), words, { timeout: 120_000 });
  if (exitCode === 0) return JSON.parse(stdout) as Replay;
  const meaning = /"meaning":"([^"]*)"/.exec(stderr)?.[1] || stderr.trim().split('\n').at(-1);
  return { tried: false, detail: `the boot could not be replayed: ${meaning}`, rows: [] };
}

/** For the process that sees an empty instance of its own. */
export async function replayHere(
  view: HostView,
  architectures: readonly string[],
): Promise<Replay> {
  const said: string[] = [];
  for (const [program, ...words] of bootCommands(view)) {
    const { exitCode, stderr } = await run(program!, words, { timeout: 60_000 });
    if (exitCode !== 0) said.push(`${program}: ${stderr.trim().split('\n').at(-1)}`);
  }
  const handlers = listHandlers(view);
  const rows: Replay['rows'] = [];
  for (const architecture of architectures) {
    const cpu = cpuOf(architecture);
    const handler = cpu && winnerOf(cpu, handlers)?.name;
    const judged = [
      await executeProbe(architecture, 'host'),
      await executeProbe(architecture, 'empty-root'),
    ];
    const bad = judged.find(({ passed }) => !passed);
    rows.push({ architecture, handler, works: !bad, detail: (bad ?? judged[0]!).detail });
  }
  return { tried: true, detail: said.join('; '), rows };
}

/** In the order of a boot; each does nothing where it has nothing to do. */
function bootCommands(view: HostView): string[][] {
  const systemd = systemdBinfmt(view);
  const debian = updateBinfmts(view);
  return [
    ...(systemd ? [[at(view, systemd)]] : []),
    ...(debian ? [[at(view, debian), '--enable']] : []),
    ...(existsSync(at(view, ownScript)) ? [[at(view, ownScript)]] : []),
  ];
}
