/** Everything about the handlers of this host: read, then executed. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { parseBanner } from '../../qemu-version.ts';
import type { RegisteredEntry } from '../entry.ts';
import { cpus } from '../table.ts';
import { type BootEntry, bootEntries } from './boot-files.ts';
import { runBounded } from './bounded.ts';
import { readHandlers } from './handlers.ts';
import { type Instance, readInstance } from './instance.ts';
import { type Interpreter, interpreterAt } from './interpreter.ts';
import { type Finding, judgeEntry } from './judge.ts';
import { type HostFinding, judgeInstance } from './judge-instance.ts';
import { claimedCpu } from './match.ts';
import { execute, failure, works } from './tried.ts';
import { at, type HostView } from './view.ts';
import { type Owner, ownersOn, winnerOf } from './winner.ts';

export interface HandlerStatus {
  name: string;
  /** `linux/arm64`, where it serves a CPU. */
  platform: string | undefined;
  owner: Owner;
  interpreter: string;
  version: string | undefined;
  digest: string | undefined;
  linkage: Interpreter['linkage'];
  flags: string;
  enabled: boolean;
  /** The file that registers it at boot. */
  boot: string | undefined;
  /** `here-only`: not from inside another root folder, where containers are. */
  works: 'yes' | 'here-only' | 'no' | 'shadowed' | 'not-tried';
  detail: string;
  findings: Finding[];
}

export interface PlatformStatus {
  platform: string;
  architecture: string;
  /** The handler that the kernel asks; none where the CPU runs it or nothing does. */
  handler: string | undefined;
  runs: boolean;
  inEmptyRoot: boolean;
  argv0: boolean;
  detail: string;
}

export interface HostStatus {
  instance: Instance;
  findings: HostFinding[];
  handlers: HandlerStatus[];
  platforms: PlatformStatus[];
}

export async function readHostStatus(view: HostView): Promise<HostStatus> {
  const instance = readInstance(view);
  const found = instance.mounted ? readHandlers(view) : { handlers: [], unreadable: [] };
  const { handlers } = found;
  const boot = bootEntries(view);
  const platforms = await Promise.all(
    cpus.map(async (cpu): Promise<PlatformStatus> => {
      const { architecture } = cpu;
      const tried = await execute(cpu);
      const { here, empty } = tried;
      const winner = instance.enabled ? winnerOf(cpu, handlers) : undefined;
      return {
        platform: `linux/${architecture}`,
        architecture,
        handler: winner?.name,
        runs: here.passed,
        inEmptyRoot: empty.passed,
        argv0: here.checks.argv0 ?? false,
        detail: works(tried) ? here.detail : failure(tried),
      };
    }),
  );
  const statuses = await Promise.all(
    handlers.map((handler) => describe(view, handler, boot, platforms)),
  );
  return {
    instance,
    findings: judgeInstance(instance, found),
    handlers: statuses,
    platforms,
  };
}

async function describe(
  view: HostView,
  handler: RegisteredEntry,
  boot: readonly BootEntry[],
  platforms: readonly PlatformStatus[],
): Promise<HandlerStatus> {
  const { name, interpreter, flags, enabled } = handler;
  const cpu = claimedCpu(handler);
  const owner = ownersOn(view)(handler);
  const file = interpreterAt(view, interpreter);
  const findings = judgeEntry(handler, file);
  const won = platforms.filter((each) => each.handler === name);
  const mine = platforms.find(({ architecture }) => architecture === cpu?.architecture);
  const described = {
    name,
    platform: cpu && `linux/${cpu.architecture}`,
    owner,
    interpreter,
    version: cpu && file.linkage !== 'missing' ? await versionOf(at(view, interpreter)) : undefined,
    digest: cpu ? digest(at(view, interpreter)) : undefined,
    linkage: file.linkage,
    flags,
    enabled,
    boot: boot.find((each) => each.name === name)?.file,
    findings,
  };
  if (!cpu || !mine) return { ...described, works: 'not-tried', detail: 'it serves no CPU' };
  if (!won.includes(mine)) {
    const shadow = enabled && mine.handler !== undefined;
    if (shadow)
      findings.push({
        id: 'shadowed',
        severity: 'note',
        text: `\`${mine.handler}\` was registered later and is asked first`,
      });
    const detail = shadow ? `\`${mine.handler}\` is asked first` : 'the kernel does not ask it';
    return { ...described, works: shadow ? 'shadowed' : 'no', detail };
  }
  const worked = !mine.runs ? 'no' : mine.inEmptyRoot ? 'yes' : 'here-only';
  return { ...described, works: worked, detail: mine.detail };
}

async function versionOf(path: string): Promise<string | undefined> {
  // Debian's links for handlers tell QEMU by their names to take arguments from the kernel only
  const program = realpathSync(path);
  const limits = { timeout: 5_000, maxBuffer: 16_384 };
  const answer = await runBounded(program, ['--version'], limits).catch(() => undefined);
  return parseBanner(answer?.stdout ?? '')?.version;
}

function digest(path: string): string | undefined {
  try {
    return `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  } catch {
    return undefined;
  }
}
