/** Reads single files out of a Debian package, without unpacking it anywhere. */
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type tar from 'tar-stream';
import { MpkitError } from '../../errors.ts';
import { stream } from '../../process.ts';

/** `name` is one of the wanted names; the content must be read before the promise resolves. */
export type OnMember = (name: string, content: AsyncIterable<Buffer>) => Promise<void>;

/**
 * Calls `onMember` for each wanted regular file of the package, and for wanted symbolic links with
 * what they lead to inside the archive. Names have no leading slash: `usr/bin/qemu-arm`. Returns
 * the names that were found. Throws `corrupt` where the archive is broken.
 */
export async function readMembers(
  deb: string,
  wanted: ReadonlySet<string>,
  onMember: OnMember,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const found = new Set<string>();
  const links = new Map<string, string>();
  await scan(deb, signal, async (header, content) => {
    const name = cleanName(header.name);
    if (header.type === 'symlink') links.set(name, linkTarget(name, header.linkname ?? ''));
    if (header.type !== 'file' || !wanted.has(name)) return;
    found.add(name);
    await onMember(name, content);
  });
  const behindLinks = new Map<string, string>();
  for (const name of wanted) {
    const target = followLinks(name, links);
    if (!found.has(name) && target !== name && !found.has(target)) behindLinks.set(target, name);
  }
  if (behindLinks.size === 0) return found;
  await scan(deb, signal, async (header, content) => {
    const name = behindLinks.get(cleanName(header.name));
    if (header.type !== 'file' || name === undefined) return;
    found.add(name);
    await onMember(name, content);
  });
  return found;
}

type OnEntry = (header: tar.Header, content: AsyncIterable<Buffer>) => Promise<void>;

async function scan(deb: string, signal: AbortSignal | undefined, onEntry: OnEntry): Promise<void> {
  const { extract: open } = (await import('tar-stream')).default;
  // from here on nothing may wait: a stream that nobody reads yet is emptied by execa
  const { stdout, done } = await stream(
    'dpkg-deb',
    ['--fsys-tarfile', deb],
    signal ? { cancelSignal: signal } : {},
  );
  const extract = open();
  const piped = pipeline(stdout, extract);
  piped.catch(() => {});
  try {
    for await (const entry of extract) {
      await onEntry(entry.header, entry as AsyncIterable<Buffer>);
      entry.resume();
    }
    await piped;
    await done;
  } catch (error) {
    stdout.destroy();
    await done.catch(() => {});
    signal?.throwIfAborted();
    if (error instanceof MpkitError || (error as NodeJS.ErrnoException).syscall) throw error;
    throw new MpkitError('corrupt', `cannot read the package \`${posix.basename(deb)}\``, {
      cause: error,
    });
  }
}

function cleanName(name: string): string {
  return posix.normalize(`/${name}`).slice(1);
}

/** Where a link leads, seen from the archive's root; nothing leads out of it. */
function linkTarget(name: string, target: string): string {
  return posix.resolve('/', posix.dirname(name), target).slice(1);
}

function followLinks(name: string, links: ReadonlyMap<string, string>): string {
  let target = name;
  for (let hops = 0; hops < 40; hops++) {
    const next = links.get(target);
    if (next === undefined) return target;
    target = next;
  }
  return name;
}
