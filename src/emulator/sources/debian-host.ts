/** What the host's own apt configuration says about Debian: mirrors, releases, keyring. */
import { access, readFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { runOrThrow } from '../../process.ts';
import { aptError, runAptGet } from './apt.ts';

export interface DebianHost {
  /** Debian's name of this machine's architecture. */
  architecture: string;
  /** Repository addresses in the host's order, each once. */
  mirrors: string[];
  /** The releases that the host itself uses, for example `bookworm`. */
  releases: string[];
  keyring: string;
}

/** Throws `host-unable` where apt, dpkg, a Debian mirror or Debian's keyring is missing. */
export async function readDebianHost(signal?: AbortSignal): Promise<DebianHost> {
  for (const program of ['apt-get', 'dpkg', 'dpkg-deb', 'setpriv']) await requireProgram(program);
  const architecture = (await runOrThrow('dpkg', ['--print-architecture'])).trim();
  const targets = await indexTargets(signal);
  const ours = targets.some(({ origin }) => origin !== undefined)
    ? targets.filter(({ origin, label }) => origin === 'Debian' && label === 'Debian')
    : await targetsOfOwnRelease(targets);
  if (ours.length === 0)
    throw unable('the apt configuration of this host names no Debian mirror', 'a Debian mirror');
  return {
    architecture,
    mirrors: [...new Set(ours.map(({ mirror }) => mirror))],
    releases: [...new Set(ours.map(({ release }) => release))].filter(
      (release) => !release.includes('-'),
    ),
    keyring: await findKeyring(),
  };
}

interface IndexTarget {
  mirror: string;
  release: string;
  /** Unknown until the host has run `apt-get update`: images of containers come without lists. */
  origin?: string;
  label?: string;
}

async function indexTargets(signal: AbortSignal | undefined): Promise<IndexTarget[]> {
  const format = '$(REPO_URI) $(RELEASE) $(ORIGIN) $(LABEL)';
  const ask = ['indextargets', '--no-release-info', '--format', format, 'Created-By: Packages'];
  const known = await runAptGet(
    ask.filter((each) => each !== '--no-release-info'),
    { signal },
  );
  if (known.exitCode === 0 && known.stdout.trim() !== '') return parseTargets(known.stdout);
  const all = await runAptGet(ask, { signal });
  if (all.exitCode !== 0) throw aptError('reading the apt sources of this host', all);
  return parseTargets(all.stdout);
}

export function parseTargets(text: string): IndexTarget[] {
  return text.split('\n').flatMap((line) => {
    const [mirror = '', release = '', origin = '', ...label] = line.split(' ');
    // `Signed-By` and friends are fields too, so nothing but an address may pass
    if (!/^(https?|file|copy|ftp|(tor|mirror)\+\w+|mirror):[\w.~:/@%+,=&?[\]-]+$/.test(mirror))
      return [];
    if (!/^[a-z][a-z0-9./-]*$/.test(release)) return [];
    if (origin.startsWith('$(')) return [{ mirror, release }];
    return [{ mirror, release, origin, label: label.join(' ') }];
  });
}

async function targetsOfOwnRelease(targets: IndexTarget[]): Promise<IndexTarget[]> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID="?debian"?$/m.test(osRelease)) return [];
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1];
  const names = new Set([codename, 'stable', 'testing', 'unstable', 'sid']);
  return targets.filter(({ release }) => names.has(release));
}

const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/usr/share/keyrings/debian-archive-keyring.gpg',
];

async function findKeyring(): Promise<string> {
  for (const path of KEYRINGS) if (await isReadable(path)) return path;
  throw unable('the keyring of Debian is missing', 'the package `debian-archive-keyring`');
}

async function requireProgram(name: string): Promise<void> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(isAbsolute))
    if (await isReadable(join(folder, name))) return;
  throw unable(`\`${name}\` is not installed`, 'apt and dpkg');
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function unable(found: string, expected: string): MpkitError {
  return new MpkitError('host-unable', `cannot fetch emulators from Debian: ${found}`, {
    hint: `this needs ${expected}; or install a static QEMU and \`mpkit emulator add PATH\``,
  });
}
