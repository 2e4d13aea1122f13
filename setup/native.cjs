'use strict';

/** Compiles native/ with the host's compiler: `make OUT=<folder>` makes `<folder>/sandbox`. */
const { accessSync, constants, mkdirSync } = require('node:fs');
const { join } = require('node:path');
const { spawnSync } = require('node:child_process');
const { packageRoot } = require('./freshness.cjs');
const { moveFiles } = require('./move-files.cjs');
const { SetupError, announce, lastLines } = require('./setup-error.cjs');

function compileNative(temporary, buildFolder) {
  const compiler = process.env.CC ? process.env.CC.split(' ')[0] : 'cc';
  for (const program of ['make', compiler])
    if (!onPath(program)) throw missing(`\`${program}\` is not installed`);
  announce('compiling the sandbox');
  const out = join(temporary, 'native');
  mkdirSync(out);
  const result = spawnSync('make', ['-C', join(packageRoot, 'native'), `OUT=${out}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
    env: withoutMake(process.env),
  });
  if (result.error) throw new SetupError(`\`make\` did not run: ${result.error.message}`);
  if (result.status !== 0) throw explain(result);
  moveFiles(out, join(buildFolder, 'native'), 'sandbox');
}

function onPath(program) {
  const folders = program.includes('/') ? [''] : (process.env.PATH || '').split(':');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Under somebody's `make -j`, its job server must not reach ours. */
function withoutMake(environment) {
  const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...rest } = environment;
  return rest;
}

function explain({ status, stderr }) {
  if (/fatal error: \S+: No such file|cannot find -l|cannot find crt1\.o/.test(stderr))
    return missing('the C library cannot be compiled against');
  return new SetupError(`\`make -C native\` failed with status ${status}`, lastLines(stderr, 20));
}

function missing(what) {
  const command = installCommands.find(([program]) => onPath(program));
  const how = command ? `as root: \`${command[1]}\`` : 'with your package manager';
  return new SetupError(`${what}; install gcc, make and the static C library ${how}`);
}

const installCommands = [
  ['apt-get', 'apt-get install gcc make libc6-dev'],
  ['dnf', 'dnf install gcc make glibc-static kernel-headers'],
  ['zypper', 'zypper install gcc make glibc-devel-static'],
  ['apk', 'apk add gcc make musl-dev linux-headers'],
  ['pacman', 'pacman -S gcc make'],
];

module.exports = { compileNative };
