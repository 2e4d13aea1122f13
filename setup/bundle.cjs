'use strict';

/** src/cli/main.ts and all it needs as few files: a start reads them instead of hundreds. */
const { readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { packageRoot } = require('./freshness.cjs');
const { moveFiles } = require('./move-files.cjs');
const { SetupError, announce, lastLines } = require('./setup-error.cjs');

/** Chunks carry a hash in their name, so they go first and `main.js` switches to them at once. */
function bundle(temporary) {
  announce('bundling');
  const { buildSync, formatMessagesSync } = require('esbuild');
  try {
    buildSync(options(temporary));
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    const text = formatMessagesSync(error.errors, { kind: 'error', color: false }).join('');
    throw new SetupError('`src` does not bundle', lastLines(text, 20));
  }
  const target = join(packageRoot, 'dist');
  const files = moveFiles(temporary, target, 'main.js');
  removeOutdated(target, files);
}

function options(outdir) {
  return {
    absWorkingDir: packageRoot,
    entryPoints: { main: 'src/cli/main.ts' },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: '[name]-[hash]',
    // a native add-on finds its program beside itself; Ink's debugger is never loaded
    external: ['koffi', 'react-devtools-core'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    // CommonJS inside an ES module has no `require` of its own
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
    },
    logLevel: 'silent',
  };
}

/** A program that still runs may load yesterday's chunk lazily; later nothing can want it. */
function removeOutdated(folder, current) {
  const day = 24 * 60 * 60 * 1000;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!current.includes(name) && Date.now() - statSync(path).mtimeMs > day)
      rmSync(path, { recursive: true, force: true });
  }
}

module.exports = { bundle };
