'use strict';

/**
 * Makes what is missing or stale: dependencies, the bundled program, the compiled programs. Every
 * part is made in a temporary folder and renamed into place, so a killed run leaves only rubbish
 * that the next one sweeps. As a program: `--all` for `npm run build`, `--bundle` for `npm pack`.
 */
if (require.main === module) require('./node-version.cjs')();

const {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { join } = require('node:path');
const freshness = require('./freshness.cjs');
const { withLock } = require('./lock.cjs');
const { announce, orExit } = require('./setup-error.cjs');

const makers = {
  dependencies: (temporary) => require('./dependencies.cjs').installDependencies(temporary),
  bundle: (temporary) => require('./bundle.cjs').bundle(temporary),
  native: (temporary, folder) => require('./native.cjs').compileNative(temporary, folder),
};

/** Returns the build folder of the compiled programs; ends the process (status 3) on failure. */
function prepare(wanted = Object.keys(makers)) {
  return orExit(() => {
    const native = freshness.whereNative();
    const stale = freshness.staleParts(native).filter((part) => wanted.includes(part));
    const inPackage = stale.filter((part) => part !== 'native');
    if (inPackage.length > 0) make(freshness.ownBuildFolder(), inPackage, native);
    if (stale.includes('native')) make(native, ['native'], native);
    return native;
  });
}

function make(folder, parts, native) {
  const make = () => {
    sweep(folder);
    // whoever held the lock before may have done the work
    const stale = freshness.staleParts(native).filter((part) => parts.includes(part));
    for (const part of stale) {
      const temporary = mkdtempSync(join(folder, 'tmp-'));
      // taken before, so that a file that changes meanwhile counts as stale afterwards
      const before = freshness.signature(part);
      try {
        makers[part](temporary, folder);
        remember(folder, part, part === 'dependencies' ? freshness.signature(part) : before);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    }
  };
  withLock(folder, make, (pid) => announce(`waiting for the set-up that process ${pid} is doing`));
}

/** Removes what killed runs left; only the owner of the lock calls it. */
function sweep(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder))
    if (name.startsWith('tmp-')) rmSync(join(folder, name), { recursive: true, force: true });
}

function remember(folder, part, signature) {
  const stamp = { ...freshness.readStamp(folder), [part]: signature };
  const temporary = join(folder, `tmp-stamp-${process.pid}`);
  writeFileSync(temporary, JSON.stringify(stamp));
  renameSync(temporary, join(folder, 'stamp.json'));
}

module.exports = { prepare };

if (require.main === module) {
  const forPackage = process.argv.includes('--bundle');
  // a package must not ship chunks of earlier bundles
  if (forPackage) rmSync(join(freshness.packageRoot, 'dist'), { recursive: true, force: true });
  prepare(forPackage ? ['dependencies', 'bundle'] : undefined);
}
