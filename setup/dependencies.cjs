'use strict';

/** `npm ci` beside the clone, then one rename: `node_modules` is whole or absent, never half. */
const { copyFileSync, existsSync, readFileSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const { spawnSync } = require('node:child_process');
const { packageRoot } = require('./freshness.cjs');
const { SetupError, announce } = require('./setup-error.cjs');

/** Does nothing where `node_modules` already holds what the lock file asks for. */
function installDependencies(temporary) {
  if (isInstalled()) return;
  announce('fetching dependencies (npm ci), once');
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    if (existsSync(join(packageRoot, name)))
      copyFileSync(join(packageRoot, name), join(temporary, name));
  const patience = [
    '--fetch-retries=2',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const result = spawnSync('npm', ['ci', '--prefer-offline', ...patience, ...quiet], {
    cwd: temporary,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
    env: withoutNpm(process.env),
  });
  if (result.error || result.status !== 0) throw explain(result);
  const target = join(packageRoot, 'node_modules');
  if (existsSync(target)) renameSync(target, join(temporary, 'replaced'));
  renameSync(join(temporary, 'node_modules'), target);
}

/** npm's own record of what it installed against the lock file: exact, whatever the times say. */
function isInstalled() {
  const wanted = packagesIn('package-lock.json');
  const found = packagesIn('node_modules/.package-lock.json');
  if (found === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const there = found[path];
    if (there === undefined) return optional === true;
    return there.version === version && (integrity === undefined || there.integrity === integrity);
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(join(packageRoot, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Started by `npm test`, our npm would inherit settings that were meant for the outer one. */
function withoutNpm(environment) {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^npm_(package|lifecycle|command|execpath|node_execpath)/i.test(name),
  );
  return Object.fromEntries(kept);
}

function explain({ error, status, signal, stdout, stderr }) {
  if (error && error.code === 'ENOENT')
    return new SetupError(
      '`npm` is not installed; set-up needs it once (on Debian: `apt install npm`)',
    );
  if (error) return new SetupError(`\`npm ci\` did not run: ${error.message}`);
  const unreachable =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ECONNRESET|ERR_SOCKET_TIMEOUT)\b/.exec(
      stderr,
    );
  if (unreachable)
    return new SetupError(
      `the package registry cannot be reached (${unreachable[1]}); first use needs the network once, check it and try again`,
    );
  const how = signal ? `was stopped by ${signal}` : `failed with status ${status}`;
  return new SetupError(
    `\`npm ci\` ${how}; run it in \`${packageRoot}\` to see all it says`,
    firstLines(stderr || stdout),
  );
}

/** npm says what is wrong first and how it is used last. */
function firstLines(text) {
  const lines = text.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, ''));
  return lines.filter((line) => line.trim() !== '').slice(0, 8);
}

module.exports = { installDependencies };
