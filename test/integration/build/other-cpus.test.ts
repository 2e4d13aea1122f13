/** Which CPUs' programs a step can run: said by its Dockerfile alone. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';
import { onAmd64 } from '../escapes/arena.ts';
import { errorText, stepOutput, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const made: Workplace[] = [];
afterAll(() => made.forEach((each) => void each.remove()));

describe.skipIf(!onAmd64.ok)(`on amd64${onAmd64.why}`, () => {
  describe('as ourselves', () => suite(undefined));
  describe.skipIf(!ranged.ok)(`as an ordinary user${ranged.why}`, () => suite(ranged));
});

function suite(user: typeof ranged | undefined) {
  if (user && !user.ok) return;
  const place = workplace(user);
  made.push(place);

  /** A foreign program whose stage ran none: the amd64 step waits for the arm64 one. */
  const tries = `FROM --platform=linux/arm64 base AS tree
FROM base
ARG TARGETARCH
COPY --from=tree /bin/busybox /foreign/busybox
RUN test $TARGETARCH != amd64 || sleep 2; /foreign/busybox true 2>/dev/null && echo ran || echo refused
RUN test $TARGETARCH != amd64 || /foreign/busybox true > /said 2>&1 || echo refused > /said
`;

  it('is the same alone and beside other platforms, with cache and without', async () => {
    const digests = new Set<string>();
    for (const args of [
      ['--platform', 'linux/amd64', '--no-cache'],
      ['--platform', 'linux/amd64,linux/arm64', '--no-cache'],
      ['--platform', 'linux/arm64,linux/amd64', '--no-cache'],
      ['--platform', 'linux/amd64,linux/arm64'],
      ['--platform', 'linux/amd64'],
    ]) {
      const { exitCode, stderr } = await place.build({ dockerfile: tries, args });
      expect(exitCode, stderr).toBe(0);
      digests.add(/^=> linux\/amd64 (sha256:\w+)$/m.exec(stderr)?.[1] ?? stderr);
    }
    expect([...digests]).toEqual([expect.stringMatching(/^sha256:/)]);
  });

  it.each([
    ['made', 'RUN uname -m > /made-on'],
    ['only starts from', ''],
    ['copies to', 'COPY Dockerfile /here'],
  ])('enters a tree that a stage of another CPU %s', async (_, instruction) => {
    const { exitCode, stderr } = await place.build({
      dockerfile: `FROM --platform=linux/arm64 base AS tree
${instruction}
FROM base
COPY --from=tree / /tree/
RUN chroot /tree /bin/sh -c 'cat /made-on || uname -m; uname -m' 2>/dev/null
`,
      args: ['--platform', 'linux/amd64', '--no-cache'],
    });
    expect(exitCode, stderr).toBe(0);
    expect(stepOutput(stderr)).toEqual(['aarch64', 'aarch64']);
  });

  it('gives no other CPU a shell that is for the other one', async () => {
    const { exitCode, stderr } = await place.build({
      dockerfile: `FROM --platform=linux/arm64 base AS tree
FROM base
COPY --from=tree / /tree/
RUN chroot /tree /bin/sh -c 'uname -m' && cp /tree/bin/busybox /bin/sh.new && mv /bin/sh.new /bin/sh
`,
      args: ['--platform', 'linux/amd64', '--no-cache'],
    });
    expect(exitCode).toBe(1);
    expect(errorText(stderr)).toContain('is arm64, but the image claims linux/amd64');
    expect(stepOutput(stderr)).toEqual(['aarch64']);
  });

  it('says for which CPU the files of a step are that lacks an emulator', async () => {
    const bare = workplace(user?.ok ? user : undefined);
    made.push(bare);
    expect((await bare.mpkit(['emulator', 'rm', 'arm64'])).exitCode).toBe(0);
    const spec = {
      dockerfile: `FROM --platform=linux/arm64 base AS tree
FROM base
COPY --from=tree / /tree/
RUN chroot /tree /bin/uname -m 2>/dev/null || echo none
`,
      args: ['--platform', 'linux/amd64', '--offline'],
    };
    // most who copy from an image for another CPU run nothing of it
    const without = await bare.build(spec);
    expect(without.exitCode, without.stderr).toBe(0);
    expect(without.stderr).toContain(
      'runs without programs for linux/arm64, of which it has files: no emulator',
    );
    expect(stepOutput(without.stderr)).toEqual(['none']);
    // which is no result for builds that have one
    const listed = JSON.parse((await place.mpkit(['emulator', 'ls', '--json'])).stdout);
    const { digest } = listed.find(
      (each: { architecture: string }) => each.architecture === 'arm64',
    );
    const program = join(place.root, 'emulators/sha256', digest.slice('sha256:'.length));
    const added = await bare.mpkit(['emulator', 'add', program]);
    expect(added.exitCode, added.stderr).toBe(0);
    expect(stepOutput((await bare.build(spec)).stderr)).toEqual(['aarch64']);
  });
}

describe.skipIf(!onAmd64.ok || process.getuid?.() !== 0)('where 32-bit programs are off', () => {
  it.each([undefined, ranged])('linux/386 is planned as it will run', async (user) => {
    if (user && !user.ok) return;
    const place = workplace(user);
    const folder = mkdtempSync(join(tmpdir(), 'mpkit-test-'));
    try {
      const refuse = join(folder, 'refuse-i386');
      execFileSync('chmod', ['755', folder]);
      const source = join(clone, 'test/fixtures/refuse-i386.c');
      execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-o', refuse, source]);
      const { exitCode, stderr } = await place.build(
        { dockerfile: 'FROM base\nRUN uname -m\n', args: ['--platform', 'linux/386'] },
        { wrap: (command) => [refuse, ...command] },
      );
      expect(exitCode, errorText(stderr)).toBe(0);
      expect(stderr).toMatch(/^plan linux\/386: emulated by QEMU/m);
      expect(stepOutput(stderr)).toEqual(['i686']);
    } finally {
      rmSync(folder, { recursive: true });
      place.remove();
    }
  });
});
