'use strict';

const { mkdirSync, readdirSync, renameSync } = require('node:fs');
const { join } = require('node:path');

/**
 * Renames every file of `from` over its namesake in `to` (one file system), `last` at the end, and
 * returns the names. Somebody who runs or reads the old file keeps it.
 */
function moveFiles(from, to, last) {
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from).filter((name) => name !== last);
  for (const name of [...names, last]) renameSync(join(from, name), join(to, name));
  return [...names, last];
}

module.exports = { moveFiles };
