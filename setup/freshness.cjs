'use strict';

/**
 * What is set up already, judged without hashing file contents, so that every start can afford it:
 * `stamp.json` in a build folder holds, per part, the signature of the files it was made from.
 */
const {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
} = require('node:fs');
const { dirname, isAbsolute, join } = require('node:path');

const packageRoot = dirname(__dirname);

/** A clone has the sources and prepares everything; an installed package compiles native/ only. */
const isClone = existsSync(join(packageRoot, 'src'));

/** Each part: what it is made from, and the file that exists once it is made. */
const parts = {
  dependencies: {
    sources: ['package-lock.json', 'node_modules/.package-lock.json'],
    result: () => join(packageRoot, 'node_modules/.package-lock.json'),
  },
  bundle: {
    sources: ['src', 'setup', 'package.json', 'package-lock.json'],
    result: () => join(packageRoot, 'dist/main.js'),
  },
  native: {
    sources: ['native'],
    result: (buildFolder) => join(buildFolder, 'native/sandbox'),
  },
};

/** The parts to make, in order, given the build folder that holds the compiled programs. */
function staleParts(nativeFolder) {
  const stale = [];
  if (isClone) {
    const stamp = readStamp(ownBuildFolder());
    if (!isFresh('dependencies', stamp, ownBuildFolder())) stale.push('dependencies');
    if (!isFresh('bundle', stamp, ownBuildFolder())) stale.push('bundle');
  }
  if (!isFresh('native', readStamp(nativeFolder), nativeFolder)) stale.push('native');
  return stale;
}

function isFresh(part, stamp, buildFolder) {
  return existsSync(parts[part].result(buildFolder)) && stamp[part] === signature(part);
}

/** Relative path, size and time of every source file: equal text means nothing was touched. */
function signature(part) {
  const lines = [`${process.platform} ${process.arch}`];
  for (const source of parts[part].sources) describe(source, lines);
  return lines.join('\n');
}

function describe(path, lines) {
  const absolute = join(packageRoot, path);
  const stat = lstatSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined) lines.push(`${path} missing`);
  else if (stat.isDirectory())
    for (const name of readdirSync(absolute).sort()) describe(join(path, name), lines);
  else lines.push(`${path} ${stat.size} ${stat.mtimeMs}`);
}

function readStamp(buildFolder) {
  try {
    return Object(JSON.parse(readFileSync(join(buildFolder, 'stamp.json'), 'utf8')));
  } catch {
    return {};
  }
}

function ownBuildFolder() {
  return join(packageRoot, 'build');
}

/**
 * The build folder of the compiled programs: the package's own one, or, where that is stale and
 * may not be written (root installed, somebody else runs), one in the user's cache.
 */
function whereNative() {
  const own = ownBuildFolder();
  if (isFresh('native', readStamp(own), own)) return own;
  return isWritable(existsSync(own) ? own : packageRoot) ? own : cacheFolder();
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function cacheFolder() {
  const { XDG_CACHE_HOME = '', HOME = '' } = process.env;
  // relative ones count as unset (XDG Base Directory Specification)
  const cache = isAbsolute(XDG_CACHE_HOME)
    ? XDG_CACHE_HOME
    : join(isAbsolute(HOME) ? HOME : '/', '.cache');
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  return join(cache, 'mpkit', `build-${version}-${contentHash('native')}`);
}

/** Of names and bytes: two packages of one version with other sources never share programs. */
function contentHash(folder) {
  const hash = require('node:crypto').createHash('sha256');
  const add = (path) => {
    for (const entry of readdirSync(join(packageRoot, path), { withFileTypes: true }).sort(
      byName,
    )) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) add(child);
      else
        hash
          .update(`${child}\0`)
          .update(readFileSync(join(packageRoot, child)))
          .update('\0');
    }
  };
  add(folder);
  return hash.digest('hex').slice(0, 16);
}

function byName(a, b) {
  return a.name < b.name ? -1 : 1;
}

module.exports = {
  packageRoot,
  isClone,
  ownBuildFolder,
  whereNative,
  staleParts,
  signature,
  readStamp,
};
