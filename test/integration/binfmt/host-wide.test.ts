import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { probeFolder } from '../../../src/paths.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { hostChanges, hostState } from '../../helpers/host-state.ts';
import { clone, project } from '../../helpers/mpkit.ts';
import { sandbox } from '../../helpers/private-host.ts';
import { alone, requires } from '../../helpers/requires.ts';

/*
 * The kernel of this machine itself, as root outside of any user namespace. The file systems that
 * change are copies in a mount namespace, and handlers go with their last mount, so nothing stays
 * whatever happens. Two CPUs that no other test misses meanwhile.
 */
const architectures = ['loong64', 'mips64'];

const need = requires('nsenter', 'unshare', 'chroot');
const why = hostWide() ? need.why : ' (skipped: not root of the initial user namespace)';

it.skipIf(!need.ok || why !== '')(
  `registers for the whole machine, also for processes that see nothing of it${why}`,
  () => {
    const made = project();
    emulatorState(made);
    try {
      alone(() => {
        const before = hostState();
        const { status, stdout, stderr } = spawnSync(
          'unshare',
          ['-m', 'sh', '-c', script, 'sh', made.folder, ...architectures],
          {
            encoding: 'utf8',
            env: {
              ...process.env,
              MPKIT_ROOT: made.root,
              PATH: `${join(clone, 'bin')}:${process.env.PATH}`,
            },
          },
        );
        expect({ status, tail: stderr.split('\n').slice(-3) }).toMatchObject({ status: 0 });
        expect(stdout.match(/ok, registered/g)).toHaveLength(architectures.length);
        for (const each of architectures) expect(stdout).toContain(`outside ${each}: 2\n`);
        expect(stdout).toContain("binfmt_misc: the host's, on\n");
        expect(stdout).toMatch(/remaining: none\n$/);
        expect(hostChanges(before)).toEqual([]);
        for (const each of architectures)
          expect(
            spawnSync(sandbox(), ['view', '--', join(probeFolder(), each), 'x', 'y']).status,
          ).toBe(125);
      });
    } finally {
      made.remove();
    }
  },
);

/** A probe in an empty root folder says by status 2 that it ran without its path. */
const script = `set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
for each in etc usr var; do
  mkdir -p "$1/$each/upper" "$1/$each/work"
  mount -t overlay overlay -o "lowerdir=/$each,upperdir=$1/$each/upper,workdir=$1/$each/work" "/$each"
done
mount -t tmpfs none /run
shift
mpkit binfmt install "$@"
mpkit binfmt status
for each; do
  status=0
  nsenter --mount=/proc/$PPID/ns/mnt chroot ${probeFolder()} "/$each" || status=$?
  echo "outside $each: $status"
done
mpkit binfmt uninstall all`;

function hostWide(): boolean {
  return (
    process.getuid?.() === 0 &&
    spawnSync('readlink', ['/proc/self/ns/user'], { encoding: 'utf8' }).stdout ===
      'user:[4026531837]\n'
  );
}
