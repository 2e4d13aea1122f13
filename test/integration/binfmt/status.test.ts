import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';
import { cpus } from '../../../src/binfmt/index.ts';
import { hostPlatform } from '../../../src/platform.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { clone, type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import { privateHost, sandbox } from '../../helpers/private-host.ts';
import { testUser } from '../../helpers/users.ts';

const projects: Project[] = [];
afterAll(() => projects.forEach((each) => void each.remove()));

const host = privateHost();
const own = hostPlatform().architecture;
const guest = own === 'riscv64' ? 's390x' : 'riscv64';

describe.skipIf(!host.ok)(`of a private host${host.why}`, () => {
  it('is complete as JSON, which keeps its form', async () => {
    const [installed, status, verified, removed] = (await steps(
      `mpkit binfmt install ${guest} --json`,
      'mpkit binfmt status --json',
      'mpkit binfmt verify --json',
      'mpkit binfmt uninstall all --json',
    )) as [Outcome, Outcome, Outcome, Outcome];
    const read = <T extends v.GenericSchema>(schema: T, { stdout }: Outcome) =>
      v.parse(schema, JSON.parse(stdout));
    expect(read(installSchema, installed).ok).toBe(true);
    const { handlers, platforms } = read(statusSchema, status);
    expect(handlers[0]).toMatchObject({ name: `mpkit-${guest}`, works: 'yes', linkage: 'static' });
    expect(handlers[0]?.interpreter).toContain(handlers[0]?.digest?.slice(7, 23));
    expect(platforms.filter(({ runs }) => runs).map((each) => each.architecture)).toContain(guest);
    expect(read(verifySchema, verified).rows.map((each) => each.architecture)).toEqual(
      cpus.map(({ architecture }) => architecture).filter((each) => each === own || each === guest),
    );
    expect(read(uninstallSchema, removed).removed).toEqual([
      { name: `mpkit-${guest}`, owner: 'mpkit', comesBack: false },
    ]);
  });

  it('is what tonistiigi/binfmt prints, when asked for that', async () => {
    const [, docker] = await steps(
      `mpkit binfmt install ${guest} arm`,
      'mpkit binfmt status --format docker',
    );
    const { supported, emulators, ...rest } = JSON.parse(docker!.stdout);
    expect(rest).toEqual({});
    expect(supported[0]).toBe(`linux/${own}`);
    expect(supported).toEqual(
      expect.arrayContaining([`linux/${guest}`, 'linux/arm/v7', 'linux/arm/v6']),
    );
    expect(emulators).toEqual(['mpkit-arm', `mpkit-${guest}`].sort());
  });

  it('fits 100 columns, with names as long as they come', async () => {
    const outcomes = await steps(
      'mpkit binfmt install all --persist',
      `printf ':a-very-long-handler-name-that-somebody-made:E::foo::/usr/bin/python3:' > /proc/sys/fs/binfmt_misc/register`,
      'mpkit binfmt ls',
      'mpkit binfmt verify',
      'mpkit binfmt uninstall riscv64 s390x',
    );
    for (const { exitCode, stdout } of outcomes) {
      expect(exitCode).toBe(0);
      for (const line of stdout.split('\n').filter((each) => !each.startsWith('remaining:')))
        expect(line.length, line).toBeLessThanOrEqual(100);
    }
    expect(outcomes[2]!.stdout).toMatch(/^a-very-long-\.\.\. {2}- /m);
  });

  it('goes on with the others where the text of one handler cannot be read', async () => {
    const [, registered, status, table] = await steps(
      `mpkit binfmt install ${guest}`,
      // a line break in a path forges a line of what the kernel prints
      `printf ':odd:M::ODD::/bin/sh\\nextension x:' > /proc/sys/fs/binfmt_misc/register`,
      'mpkit binfmt status --json',
      'mpkit binfmt status',
    );
    expect(registered).toMatchObject({ exitCode: 0, stderr: '' });
    const { handlers, findings } = v.parse(statusSchema, JSON.parse(status!.stdout));
    expect(handlers).toMatchObject([{ name: `mpkit-${guest}`, works: 'yes' }]);
    expect(findings).toMatchObject([{ id: 'unreadable', text: expect.stringContaining('`odd`') }]);
    expect(table!.stdout).toContain('`odd` cannot be read');
  });

  it('sees who is asked first where two handlers catch the same programs', async () => {
    const copy = `sed -n 's/^magic //p' /proc/sys/fs/binfmt_misc/mpkit-${guest}`;
    const [, registered, status] = await steps(
      `mpkit binfmt install ${guest}`,
      `set -e; hex() { sed 's/../\\\\x&/g'; }; magic=$(${copy} | hex); path=$(ls -d /usr/lib/mpkit/emulators/*)
       printf %s ":later:M:0:$magic::$path:F" > /proc/sys/fs/binfmt_misc/register`,
      'mpkit binfmt status --json',
    );
    expect(registered).toMatchObject({ exitCode: 0, stderr: '' });
    const { handlers } = v.parse(statusSchema, JSON.parse(status!.stdout));
    expect(handlers.map(({ name, works }) => [name, works])).toEqual([
      ['later', 'yes'],
      [`mpkit-${guest}`, 'shadowed'],
    ]);
  });
});

const user = testUser('plain');
describe.skipIf(!user.ok)(`as an ordinary user${user.why}`, () => {
  it('may look and verify; registering needs root, and builds do not need it', async () => {
    const made = project({}, user);
    projects.push(made);
    const install = await made.mpkit(['binfmt', 'install', 'all']);
    expect(install).toMatchObject({ exitCode: 1, stdout: '' });
    expect(install.stderr).toMatch(/need root\nhint: .*`mpkit build` and `mpkit run` need neither/);
    expect((await made.mpkit(['binfmt', 'uninstall', 'all'])).stderr).toContain('need root');
    const status = await made.mpkit(['binfmt', 'status', '--json']);
    const { platforms } = v.parse(statusSchema, JSON.parse(status.stdout));
    expect(platforms.find(({ architecture }) => architecture === own)).toMatchObject({
      ...{ runs: true, inEmptyRoot: true, argv0: true, handler: null },
    });
    const verify = await made.mpkit(['binfmt', 'verify', own, '--json']);
    expect(verify.exitCode).toBe(0);
    const { rows } = v.parse(verifySchema, JSON.parse(verify.stdout));
    expect(rows[0]?.cells.chroot?.result).toBe('pass');
    expect(rows[0]?.cells.setuid?.result).toBe('cannot-tell');
    const setuid = await made.mpkit(['binfmt', 'verify', own, '--property', 'setuid']);
    expect(setuid.exitCode).toBe(1);
  });

  it('knows an instance of its own, and that an empty one hides the host', async () => {
    const made = project({}, user);
    projects.push(made);
    const mpkit = [join(clone, 'bin/mpkit'), 'mpkit', 'binfmt', 'status', '--json'];
    const inside = await made.run([sandbox(), 'view', '--binfmt', '--', ...mpkit]);
    const { instance, findings } = v.parse(statusSchema, JSON.parse(inside.stdout));
    expect(instance).toMatchObject({ kind: 'private', mounted: true, writable: true });
    expect(findings.map(({ id }) => id)).toEqual(['empty-namespace']);
  });

  it.each([
    [['install'], /needs `all` or architectures/],
    [['install', 'vax'], /vax/],
    [['install', 'windows/amd64'], /no emulator exists/],
    [['status', 'x'], /takes no argument/],
    [['status', '--format', 'yaml'], /unknown format `yaml`/],
    [['verify', '--property', 'speed'], /unknown property `speed`/],
    [['verify', '--property', ''], /needs at least one property/],
    [['verify', '--property', ','], /needs at least one property/],
    [['nonsense'], /unknown verb `nonsense`/],
    [['replay', 'arm64'], /an empty instance of its own only/],
  ])('%j is a usage error', async (words, text) => {
    const made = project({}, user);
    projects.push(made);
    const outcome = await made.mpkit(['binfmt', ...words]);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toMatch(text);
  });
});

function steps(...commands: string[]): Promise<Outcome[]> {
  const made = project();
  projects.push(made);
  emulatorState(made);
  return host.steps(made, ...commands);
}

const text = v.nullable(v.string());
const owner = v.picklist(['mpkit', 'binfmt-support', 'systemd', 'unknown']);
const finding = v.strictObject({
  id: v.string(),
  severity: v.picklist(['problem', 'note']),
  text: v.string(),
});
const handlerName = v.strictObject({ name: v.string(), owner });

const statusSchema = v.strictObject({
  instance: v.strictObject({
    path: v.string(),
    kind: v.picklist(['host', 'private', 'namespace']),
    mounted: v.boolean(),
    readOnly: v.boolean(),
    enabled: v.nullable(v.boolean()),
    writable: v.boolean(),
  }),
  findings: v.array(v.strictObject({ ...finding.entries, hint: v.string() })),
  handlers: v.array(
    v.strictObject({
      ...{ name: v.string(), platform: text, owner, interpreter: v.string(), version: text },
      digest: v.nullable(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))),
      linkage: v.picklist(['static', 'dynamic', 'missing', 'unreadable']),
      ...{ flags: v.string(), enabled: v.boolean(), boot: text },
      works: v.picklist(['yes', 'here-only', 'no', 'shadowed', 'not-tried']),
      ...{ detail: v.string(), findings: v.array(finding) },
    }),
  ),
  platforms: v.array(
    v.strictObject({
      ...{ platform: v.string(), architecture: v.string(), handler: text },
      ...{ runs: v.boolean(), inEmptyRoot: v.boolean(), argv0: v.boolean(), detail: v.string() },
    }),
  ),
});

const installSchema = v.strictObject({
  ok: v.boolean(),
  architectures: v.array(
    v.strictObject({
      ...{ architecture: v.string(), platform: v.string() },
      result: v.picklist([
        ...(['registered', 'replaced', 'present', 'native', 'kept', 'broken', 'failed'] as const),
      ]),
      ...{ ok: v.boolean(), handler: text, owner: v.nullable(owner), interpreter: text },
      ...{ version: text, flags: text, detail: v.string() },
      ...{ runs: v.boolean(), inEmptyRoot: v.boolean(), argv0: v.boolean() },
      removed: v.array(handlerName),
    }),
  ),
  boot: v.null(),
});

const verifySchema = v.strictObject({
  ok: v.boolean(),
  rows: v.array(
    v.strictObject({
      ...{ platform: v.string(), architecture: v.string(), handler: text },
      cells: v.record(
        v.picklist(['runs', 'chroot', 'argv0', 'child', 'thread', 'signal', 'large', 'setuid']),
        v.strictObject({
          result: v.picklist(['pass', 'fail', 'not-promised', 'cannot-tell']),
          detail: v.string(),
        }),
      ),
    }),
  ),
});

const uninstallSchema = v.strictObject({
  removed: v.array(v.strictObject({ ...handlerName.entries, comesBack: v.boolean() })),
  forgotten: v.array(v.string()),
  ...{
    spared: v.array(handlerName),
    remaining: v.array(handlerName),
    unknown: v.array(v.string()),
  },
});
