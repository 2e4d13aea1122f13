/** Where emulators come from: the store, else the newest of the host's own and Debian's. */
import { cpuOf, cpus } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { chooseEmulator } from './choose.ts';
import type { EmulatorRecord } from './record.ts';
import { addFromDebian, type FetchOptions, withDownloadFolder } from './sources/debian.ts';
import { addFromHost } from './sources/path.ts';
import { listEmulators } from './store.ts';

export interface EnsureOptions extends FetchOptions {
  /** Never ask the network; also set by MPKIT_OFFLINE. */
  offline?: boolean | undefined;
  /** A version, the beginning of one, or the beginning of a digest. */
  wanted?: string | undefined;
  /** Where to look for the host's own emulators, as in PATH; the usual places unless told. */
  searchPath?: string | undefined;
}

/**
 * An emulator of an OCI architecture: from the store, else the newer one of the host's own and
 * Debian's, which is fetched once for all architectures; versions differ by a factor of ten in
 * speed. Where nothing can be fetched the host's own serves. Throws `no-emulator` with what was tried, `network` when the mirror cannot be
 * reached, and what else a source throws.
 */
export async function ensureEmulator(
  root: string,
  architecture: string,
  options: EnsureOptions = {},
): Promise<EmulatorRecord> {
  const { wanted, signal } = options;
  if (!cpuOf(architecture))
    throw new MpkitError(
      'no-emulator',
      `no emulator for ${architecture}: mpkit knows no such CPU`,
      {
        hint: `it knows ${cpus.map((cpu) => cpu.architecture).join(', ')}`,
      },
    );
  const stored = async () =>
    chooseEmulator((await listEmulators(root)).emulators, architecture, wanted);
  const first = await stored();
  if (first) return first;
  const { refused } = await addFromHost(root, [architecture], {
    signal,
    ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
  });
  const own = await stored();
  if (own && (wanted !== undefined || isOffline(options.offline))) return own;
  const asked = wanted === undefined ? '' : ` of \`${wanted}\``;
  const tried = [`the store has none${asked}`, ...nonEmpty(refused, 'PATH has none')];
  if (isOffline(options.offline)) throw noEmulator(architecture, [...tried, 'mpkit is offline']);
  try {
    const fetched = await withDownloadFolder(root, options, async (folder) => {
      // another process may have fetched it while this one waited
      const meanwhile = await stored();
      if (meanwhile && meanwhile.digest !== own?.digest) return meanwhile;
      await addFromDebian(root, folder, options);
      return await stored();
    });
    if (fetched) return fetched;
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    if (own && error.code !== 'interrupted') {
      options.onProgress?.(`using the host's QEMU ${own.version}: ${error.message}`);
      return own;
    }
    if (error.code !== 'host-unable' && error.code !== 'emulator-broken') throw error;
    throw noEmulator(architecture, [...tried, error.message], error);
  }
  throw noEmulator(architecture, [...tried, `Debian's newest is not the one${asked}`]);
}

/** What the caller asks for, else MPKIT_OFFLINE, where empty and `0` mean no. */
export function isOffline(asked: boolean | undefined): boolean {
  return asked ?? !['', '0', undefined].includes(process.env.MPKIT_OFFLINE);
}

function nonEmpty(lines: string[], otherwise: string): string[] {
  return lines.length > 0 ? lines : [otherwise];
}

function noEmulator(architecture: string, tried: string[], cause?: MpkitError): MpkitError {
  return new MpkitError('no-emulator', `no emulator for ${architecture}: ${tried.join('; ')}`, {
    hint: 'fetch every emulator once with `mpkit emulator add`, or bring one: `mpkit emulator add PATH`',
    cause,
  });
}
