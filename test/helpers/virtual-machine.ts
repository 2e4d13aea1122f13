/**
 * A virtual machine with a kernel of Debian's and a root file system that the test fills: for what
 * only another kernel can show. Nothing of it is installed on the host.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { kept } from './fixtures.ts';
import { slowly } from './speed.ts';

export interface MachineKernel {
  /** As `uname -r` says there. */
  release: string;
  /** Holds `vmlinuz`, `busybox` and `lib/modules`. */
  folder: string;
}

/** The newest kernel of this host's Debian, with busybox, fetched once and unpacked beside it. */
export function debianKernel(): MachineKernel {
  const name = output('apt-cache', ['depends', 'linux-image-amd64']).match(
    /Depends: (linux-image-(\S+))/,
  );
  const [, image, release] = name as unknown as [string, string, string];
  const folder = kept(`kernel-${release}`, [], (work) => {
    const packages = join(work, 'packages');
    mkdirSync(packages);
    execFileSync(
      'apt-get',
      ['-o', 'APT::Sandbox::User=root', 'download', image, 'busybox-static'],
      {
        cwd: packages,
        stdio: 'ignore',
      },
    );
    const all = join(work, 'all');
    for (const file of readdirSync(packages))
      execFileSync('dpkg-deb', ['-x', join(packages, file), all]);
    const result = join(work, 'result');
    mkdirSync(join(result, 'lib'), { recursive: true });
    renameSync(join(all, 'boot', `vmlinuz-${release}`), join(result, 'vmlinuz'));
    copyFileSync(join(all, 'bin/busybox'), join(result, 'busybox'));
    renameSync(join(all, 'lib/modules'), join(result, 'lib/modules'));
    execFileSync(join(result, 'busybox'), ['depmod', '-b', result, release]);
    return result;
  });
  return { release, folder };
}

/** A root folder with busybox and its commands, Node and what it is linked with, and `modules`. */
export function fillRoot(root: string, kernel: MachineKernel, modules: string[]): void {
  const folders = 'bin dev etc proc root sys tmp usr/bin var/lib'.split(' ');
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  const busybox = join(kernel.folder, 'busybox');
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const command of output(busybox, ['--list']).trim().split('\n'))
    if (command !== 'busybox') symlinkSync('busybox', join(root, 'bin', command));
  for (const file of [process.execPath, ...librariesOf(process.execPath)])
    copyTo(root, file === process.execPath ? '/usr/bin/node' : file, file);
  copyModules(root, kernel, modules);
  const list = modulesWith(kernel, modules);
  const folder = join(root, 'lib/modules', kernel.release);
  writeFileSync(
    join(folder, 'modules.dep'),
    list.map(([path, more]) => `${path}: ${more.join(' ')}\n`).join(''),
  );
}

/**
 * Boots with `root` as the disk, runs `/scenario` in it with sh and resolves to what that printed.
 * The machine is gone afterwards.
 */
export async function bootAndRun(
  kernel: MachineKernel,
  root: string,
  { work, seconds }: { work: string; seconds: number },
): Promise<string> {
  writeFileSync(join(root, 'init'), secondInit, { mode: 0o755 });
  const disk = join(work, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 6_000_000_000);
  execFileSync('mkfs.ext4', ['-q', '-d', root, disk], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [first, said, console_] = ['initramfs', 'said', 'console'].map((name) => join(work, name));
  makeInitramfs(kernel, work, first!);
  const run = (accelerator: string[]) =>
    runMachine(
      [
        ...accelerator,
        ...['-smp', '2', '-m', '1536', '-nic', 'none', '-display', 'none', '-no-reboot'],
        ...['-kernel', join(kernel.folder, 'vmlinuz'), '-initrd', first!],
        ...['-append', 'console=ttyS0 quiet panic=-1'],
        ...['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`],
        ...['-serial', `file:${console_}`, '-serial', `file:${said}`],
      ],
      seconds,
    );
  // without KVM: where it exists it may hang, and this takes a minute only
  const ended = await run(['-machine', 'q35,accel=tcg', '-cpu', 'max']);
  const text = readFileSync(said!, 'utf8').replaceAll('\r', '');
  if (ended.code === 0 && text.includes('\n=== end')) return text;
  const last = readFileSync(console_!, 'utf8').slice(-2000);
  throw new Error(
    `the machine ended with ${ended.code}\n${ended.errors}\n${last}\n${text.slice(-2000)}`,
  );
}

async function runMachine(
  words: string[],
  seconds: number,
): Promise<{ code: number | null; errors: string }> {
  const machine = spawn('qemu-system-x86_64', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  machine.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const timer = setTimeout(() => machine.kill('SIGKILL'), slowly(seconds * 1000));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      machine.once('error', reject);
      machine.once('close', resolve);
    });
    return { code, errors };
  } finally {
    clearTimeout(timer);
  }
}

const secondInit = `#!/bin/sh
export PATH=/bin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
ip link set lo up
stty -F /dev/ttyS1 raw
sh /scenario > /dev/ttyS1 2>&1 < /dev/null
printf '\\n=== end\\n' > /dev/ttyS1
sync
poweroff -f
`;

const firstInit = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
for i in 1 2 3 4 5 6 7 8 9 10; do
  [ -b /dev/vda ] && break
  /bin/busybox sleep 0.2
done
/bin/busybox mount -t ext4 /dev/vda /disk
/bin/busybox umount /dev
exec /bin/busybox switch_root /disk /init
`;

/** Only what finds and mounts the disk. */
function makeInitramfs(kernel: MachineKernel, work: string, target: string): void {
  const folder = join(work, 'first');
  for (const name of ['bin', 'dev', 'disk', 'modules'])
    mkdirSync(join(folder, name), { recursive: true });
  const busybox = join(kernel.folder, 'busybox');
  copyFileSync(busybox, join(folder, 'bin/busybox'));
  const needed = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4'];
  const order = modulesWith(kernel, needed).map(([path]) => path);
  for (const path of order)
    copyFileSync(
      join(kernel.folder, 'lib/modules', kernel.release, path),
      join(folder, 'modules', basename(path)),
    );
  writeFileSync(join(folder, 'modules/order'), order.map((path) => `${basename(path)}\n`).join(''));
  writeFileSync(join(folder, 'init'), firstInit, { mode: 0o755 });
  const names = output('find', ['.'], folder);
  const archive = execFileSync(busybox, ['cpio', '-o', '-H', 'newc'], {
    cwd: folder,
    input: names,
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
  writeFileSync(target, archive);
  rmSync(folder, { recursive: true });
}

function copyModules(root: string, kernel: MachineKernel, names: string[]): void {
  const folder = join('lib/modules', kernel.release);
  mkdirSync(join(root, folder), { recursive: true });
  for (const [path] of modulesWith(kernel, names))
    copyTo(root, join('/', folder, path), join(kernel.folder, folder, path));
}

/** The modules and all that they need, each after what it needs, with the paths of the latter. */
function modulesWith(kernel: MachineKernel, names: string[]): [path: string, needs: string[]][] {
  const text = readFileSync(
    join(kernel.folder, 'lib/modules', kernel.release, 'modules.dep'),
    'utf8',
  );
  const needs = new Map(
    text.split('\n').flatMap((line): [string, string[]][] => {
      const [path, more] = line.split(':');
      return path && more !== undefined ? [[path, more.trim().split(/\s+/).filter(Boolean)]] : [];
    }),
  );
  const found = new Map<string, string[]>();
  const add = (path: string) => {
    if (found.has(path)) return;
    const own = needs.get(path) ?? [];
    for (const each of own) add(each);
    found.set(path, own);
  };
  for (const name of names) {
    const path = [...needs.keys()].find(
      (each) => basename(each, '.ko').replaceAll('-', '_') === name.replaceAll('-', '_'),
    );
    // not a module: built in
    if (path) add(path);
  }
  return [...found];
}

function librariesOf(program: string): string[] {
  return [...output('ldd', [program]).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);
}

function copyTo(root: string, path: string, from: string): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(from, target, { dereference: true });
}

function output(program: string, args: string[], cwd?: string): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, cwd });
}
