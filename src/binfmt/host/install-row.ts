/** What an install did about one CPU. */
import type { RegisteredEntry } from '../entry.ts';
import type { Cpu } from '../table.ts';
import type { Tried } from './tried.ts';
import type { Owner } from './winner.ts';

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
  /** The handlers whose place it took. */
  removed: { name: string; owner: Owner }[];
}

export function row(
  { architecture }: Cpu,
  result: InstallRow['result'],
  handler: RegisteredEntry | undefined,
  tried: Tried | undefined,
  more: { detail: string; owner?: Owner; version?: string; removed?: InstallRow['removed'] },
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
    removed: more.removed ?? [],
  };
}
