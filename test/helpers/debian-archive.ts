import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareApt } from '../../src/emulator/sources/apt.ts';
import { readDebianHost } from '../../src/emulator/sources/debian-host.ts';
import type { Requirement } from './requires.ts';

type Host = Awaited<ReturnType<typeof readDebianHost>>;

/** Whether this host can fetch Debian's packages: has what it takes, and reaches its mirror. */
export async function debianArchive(): Promise<{
  host: Host | undefined;
  apt: Requirement;
  network: Requirement;
}> {
  const host = await readDebianHost().catch(() => undefined);
  if (!host) {
    const apt = skipped('this host has no apt with a Debian mirror and keyring');
    return { host, apt, network: apt };
  }
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-archive-'));
  try {
    const source = { mirror: host.mirrors[0]!, suite: 'stable', keyring: host.keyring };
    const update = await (await prepareApt(folder, source, host.architecture))(['update']);
    const network = update.exitCode === 0 ? there : skipped('the mirror cannot be reached');
    return { host, apt: there, network };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const there: Requirement = { ok: true, why: '' };

function skipped(reason: string): Requirement {
  return { ok: false, why: ` (skipped: ${reason})` };
}
