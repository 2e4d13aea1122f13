'use strict';

const { dirname } = require('node:path');

/** Why set-up cannot go on, as one line; `details` are the last lines of the tool that failed. */
class SetupError extends Error {
  constructor(message, details = []) {
    super(message);
    this.details = details;
  }
}

/** Runs `action`; a failure becomes lines on stderr and status 3, the line that matters last. */
function orExit(action) {
  try {
    return action();
  } catch (error) {
    const known = error instanceof SetupError ? error : fromSystem(error);
    for (const line of known.details) process.stderr.write(`  ${line}\n`);
    process.stderr.write(`mpkit: ${known.message}\n`);
    process.exit(3);
  }
}

function fromSystem(error) {
  if (error.code === undefined || error.syscall === undefined) throw error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new SetupError(
      `no space left while setting up; free some and try again (${error.path})`,
    );
  const remedy = String(error.path).startsWith(dirname(__dirname))
    ? 'its owner can do it once with `npm run build`'
    : 'set XDG_CACHE_HOME to a folder of yours';
  // a file system without room for names, as /proc, says ENOENT
  if (['EACCES', 'EPERM', 'EROFS'].includes(error.code) || error.syscall === 'mkdir')
    return new SetupError(`set-up may not write \`${error.path}\` (${error.code}); ${remedy}`);
  return new SetupError(`set-up failed: ${error.message}`);
}

/** One short line per phase that really does something. */
function announce(text) {
  process.stderr.write(`mpkit: ${text}\n`);
}

/** The last lines that say something, for `SetupError.details`. */
function lastLines(text, count = 8) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}

module.exports = { SetupError, orExit, announce, lastLines };
