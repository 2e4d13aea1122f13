/** What the builder's namespace is lent: all of it, to read only what is to be read, and no more. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';
import { asUser, testUser } from '../../helpers/users.ts';
import { readImage, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const root = process.getuid?.() === 0;
const need = requires('unshare', 'nsenter', 'mount');
const places: Workplace[] = [];
afterAll(() => places.forEach((each) => void each.remove()));

describe.skipIf(!root || !need.ok)(`with mounts of root's${need.why}`, () => {
  describe('as root', () => suite(undefined));
  describe.skipIf(!ranged.ok)(`as an ordinary user${ranged.why}`, () => suite(ranged));
});

function suite(user: typeof ranged | undefined) {
  if (user && !user.ok) return;
  const place = workplace(user);
  places.push(place);
  place.write({ 'context/Dockerfile': 'FROM scratch\nCOPY . /\n', 'context/sub/under': '' });

  /** A file system in the context that only this build sees. */
  const mounted = (more: string) => (command: string[]) => {
    const script = `mount -t tmpfs none sub && echo there > sub/file && chmod 755 sub && ${more}
      cd .. && exec "$@"`;
    return [
      'unshare',
      '-m',
      'sh',
      '-c',
      `cd ${place.folder}/context && ${script}`,
      'sh',
      ...command,
    ];
  };
  const words = ['-o', `type=oci,dest=${place.folder}/out,tar=false`, 'context'];

  it('has what is mounted below a context', async () => {
    const { exitCode, stderr } = await place.mpkit(['build', '--no-cache', ...words], {
      wrap: mounted('true;'),
    });
    expect(exitCode, stderr).toBe(0);
    expect(readImage(join(place.folder, 'out')).text('sub/file')).toBe('there\n');
  });

  it('is refused where the kernel would leave a mount out', async () => {
    const { exitCode, stderr } = await place.mpkit(['build', '--no-cache', ...words], {
      wrap: mounted('mount --make-unbindable sub;'),
    });
    expect(stderr).toContain(`\`${place.folder}/context/sub\` is mounted unbindable`);
    expect(exitCode).toBe(3);
  });

  it('is read-only where it is to be read, and has nothing that the caller has open', async () => {
    place.write({
      'sleeping/Dockerfile': 'FROM base\nRUN echo begun; sleep 99\n',
      secret: 'of the caller',
    });
    const build = [
      ...[join(clone, 'bin/mpkit'), 'build', '--build-context', `base=oci-layout://${place.base}`],
      ...['-o', `type=oci,dest=${place.folder}/out.tar`, 'sleeping'],
    ];
    const command = ['sh', '-c', 'exec 7< secret; exec "$@"', 'sh', ...build];
    const [program, ...args] = asUser(user, command);
    const child = spawn(program!, args, {
      cwd: place.folder,
      env: { ...process.env, HOME: join(place.folder, '../home'), MPKIT_ROOT: place.root },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    try {
      for (const end = Date.now() + slowly(30_000); !said.includes(' begun'); await sleep(50))
        if (Date.now() > end) throw new Error(said);
      const inside = builders(place.root);
      expect(inside.length).toBeGreaterThan(0);
      for (const { loans, open } of inside) {
        expect(loans.get('sleeping'), said).toBe('ro');
        expect(loans.get('base')).toBe('ro');
        expect(loans.get('project')).toBe('rw');
        expect(open.filter((path) => path.endsWith('/secret'))).toEqual([]);
      }
      // an ordinary user's builder is the owner of what it reads, by whatever path
      if (user) return;
      const answer = remounted(inside);
      expect(answer).toMatch(/permission denied[\s\S]*\n0\n$/);
      expect(answer).not.toContain('done');
    } finally {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
  });
}

/** The processes inside, by what the kernel says: the loans by the folder's name, and what is open. */
function builders(state: string) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        if (!environment.includes('MPKIT_PLACES=') || !environment.includes(state)) return [];
        const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
        const loans = new Map(
          lines
            .map((line) => line.split(' '))
            .filter(([, , , , target]) => target?.includes('/mpkit-loan-'))
            .map(([, , , source, , options]) => [basename(source ?? ''), options?.split(',')[0]]),
        );
        // those outside have the same environment, and root's sandbox the same mounts
        const outside = linkOf(`/proc/${pid}/ns/user`) === linkOf('/proc/self/ns/user');
        if (outside || loans.size === 0) return [];
        const open = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
        const reading = lines.flatMap((line) => {
          const [, , , , target, options] = line.split(' ');
          return target?.includes('/mpkit-loan-') && options?.startsWith('ro') ? [target] : [];
        });
        return [{ pid, loans, open, reading }];
      } catch {
        // it has ended meanwhile
        return [];
      }
    });
}

/** What a builder's root would be told who tried to write to what it may only read. */
function remounted(inside: ReturnType<typeof builders>): string {
  const { pid, reading } = inside[0]!;
  const script = 'for each do mount -o remount,bind,rw "$each" 2>&1 && echo done; done; id -u';
  const words = ['-t', pid, '-U', '-m', 'sh', '-c', script, 'sh', ...reading];
  const { stdout, stderr } = spawnSync('nsenter', words, { encoding: 'utf8' });
  return stdout + stderr;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
