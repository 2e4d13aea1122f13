/**
 * Emulators from Debian's archive: the newest suite that the host's keyring vouches for, fetched by
 * an unprivileged apt; nothing is installed, and the package and the lists are gone afterwards.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cpus } from '../../binfmt/index.ts';
import { ioError, MpkitError } from '../../errors.ts';
import { upstreamVersion } from '../../qemu-version.ts';
import type { EmitTransfer } from '../../transfer.ts';
import { addEmulator } from '../add.ts';
import { withLock } from '../lock.ts';
import type { EmulatorRecord } from '../record.ts';
import { isSystemError, listEmulators } from '../store.ts';
import { type Apt, aptError, classifyFailure, lastWords, prepareApt } from './apt.ts';
import { readMembers } from './deb.ts';
import { type DebianHost, readDebianHost } from './debian-host.ts';
import { checkElf, inspectProgram } from './inspect.ts';
import { watchDownload } from './watch-download.ts';

export interface FetchOptions {
  onProgress?: ((text: string) => void) | undefined;
  onTransfer?: EmitTransfer | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `action` alone among all mpkit processes with this state folder, with an empty folder that
 * is removed afterwards, or by the next one if this process is killed.
 */
export async function withDownloadFolder<T>(
  root: string,
  { onProgress, signal }: FetchOptions,
  action: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(root, 'apt');
  const onWait = () => onProgress?.('waiting for another mpkit that fetches emulators');
  try {
    await mkdir(root, { recursive: true });
    const lock = { how: 'exclusive', timeout: 1_800_000, onWait, signal } as const;
    return await withLock(join(root, 'apt.lock'), lock, async () => {
      await rm(folder, removal);
      try {
        await mkdir(folder, { mode: 0o700 });
        return await action(folder);
      } finally {
        await rm(folder, removal);
      }
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw isSystemError(error) ? ioError(error, 'fetching emulators') : error;
  }
}

/**
 * Adds the emulators of every CPU that mpkit knows, from one download, unless the store has that
 * version already. `folder` comes from `withDownloadFolder`. Throws `host-unable` (no apt, no
 * keyring, nothing that the keyring vouches for), `network`, `disk-full`, `emulator-broken`.
 */
export async function addFromDebian(
  root: string,
  folder: string,
  { onProgress, onTransfer, signal, host }: FetchOptions & { host?: DebianHost } = {},
): Promise<EmulatorRecord[]> {
  const { apt, suite } = await newestSuite(folder, host ?? (await readDebianHost(signal)), {
    onProgress,
    signal,
  });
  let refusal: MpkitError | undefined;
  for (const name of ['qemu-user', 'qemu-user-static']) {
    const found = await locate(apt, name);
    if (!found) continue;
    const from = `${name}=${found.version}/${suite}`;
    const present = await presentFrom(root, from);
    if (present) return present;
    const deb = await download(apt, folder, found, { onTransfer, signal });
    try {
      onProgress?.(`unpacking ${name} ${found.version}`);
      return await addMembers(root, deb, { from, version: found.version, signal });
    } catch (error) {
      // in Debian 12 and older `qemu-user` holds dynamic programs and another package static ones
      if (!(error instanceof MpkitError) || error.code !== 'emulator-broken') throw error;
      refusal = error;
    } finally {
      await rm(deb, { force: true });
    }
  }
  throw refusal ?? unable(`suite \`${suite}\` has neither \`qemu-user\` nor \`qemu-user-static\``);
}

// a killed apt may still finish one write
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };

async function newestSuite(
  folder: string,
  host: DebianHost,
  { onProgress, signal }: FetchOptions,
): Promise<{ apt: Apt; suite: string }> {
  const tried: string[] = [];
  for (const suite of new Set(['unstable', 'testing', 'stable', ...host.releases]))
    for (const mirror of host.mirrors) {
      onProgress?.(`reading the package list of Debian ${suite}`);
      const state = join(folder, `${tried.length}`);
      const source = { mirror, suite, keyring: host.keyring };
      const apt = await prepareApt(state, source, host.architecture, signal);
      const result = await apt(['update']);
      if (result.exitCode === 0) return { apt, suite };
      const failure = classifyFailure(result);
      if (failure !== 'signature' && failure !== 'missing')
        throw aptError(`reading Debian ${suite}`, result);
      tried.push(`${suite}: ${lastWords(result)}`);
      await rm(state, removal);
    }
  throw unable(`no suite of the mirror is signed by a key of \`${host.keyring}\``, tried);
}

interface RemotePackage {
  name: string;
  version: string;
  file: string;
  /** Bytes. */
  size: number;
}

/** What `apt-get download` would fetch; undefined where the suite lacks the package. */
async function locate(apt: Apt, name: string): Promise<RemotePackage | undefined> {
  const result = await apt(['--print-uris', 'download', name]);
  if (result.exitCode !== 0) return undefined;
  const [, file, size] = /^'\S+' (\S+\.deb) (\d+)/m.exec(result.stdout) ?? [];
  const version = /_([^_]+)_/.exec(decodeURIComponent(file ?? ''))?.[1];
  if (!file || !version || !/^[\w.%+~-]+$/.test(file)) throw aptError(`locating ${name}`, result);
  return { name, version, file, size: Number(size) };
}

async function download(
  apt: Apt,
  folder: string,
  { name, version, file, size }: RemotePackage,
  { onTransfer, signal }: FetchOptions,
): Promise<string> {
  const path = join(folder, file);
  await watchDownload({ path, name: `${name} ${version}`, size }, onTransfer, async () => {
    const result = await apt(['download', `${name}=${version}`], folder);
    signal?.throwIfAborted();
    if (result.exitCode !== 0) throw aptError(`fetching ${name}`, result);
  });
  return path;
}

async function addMembers(
  root: string,
  deb: string,
  { from, version, signal }: { from: string; version: string; signal: AbortSignal | undefined },
): Promise<EmulatorRecord[]> {
  const architectureByName = new Map<string, string>();
  for (const { architecture, qemu } of cpus)
    for (const name of qemu) architectureByName.set(`usr/bin/${name}`, architecture);
  const added = new Map<string, EmulatorRecord>();
  const onMember = async (name: string, content: AsyncIterable<Buffer>) => {
    const architecture = architectureByName.get(name)!;
    const record = await addEmulator(root, content, async ({ path }) => {
      checkElf(path, `/${name}`);
      const source = { kind: 'debian', from } as const;
      const said = await inspectProgram(path, { signal }).catch(() => undefined);
      signal?.throwIfAborted();
      // where the state folder is mounted noexec, the package's word has to do
      const known = said ?? { architecture, version: upstreamVersion(version) };
      if (known.architecture !== architecture || known.version === undefined)
        throw new MpkitError(
          'emulator-broken',
          `\`/${name}\` of ${from} is not what its name says`,
        );
      return { architecture, version: known.version, source };
    });
    added.set(architecture, record);
  };
  await readMembers(deb, new Set(architectureByName.keys()), onMember, signal);
  if (added.size > 0) return [...added.values()];
  throw new MpkitError('emulator-broken', `${from} holds no emulator that mpkit knows`);
}

/** The records of an earlier fetch of the same package, if it was complete. */
async function presentFrom(root: string, from: string): Promise<EmulatorRecord[] | undefined> {
  const { emulators } = await listEmulators(root);
  const same = emulators.filter(({ source }) => source.kind === 'debian' && source.from === from);
  return same.length >= cpus.length ? same : undefined;
}

function unable(why: string, output?: string[]): MpkitError {
  return new MpkitError('host-unable', `cannot fetch emulators from Debian: ${why}`, {
    output,
    hint: 'install a static QEMU and `mpkit emulator add PATH`',
  });
}
