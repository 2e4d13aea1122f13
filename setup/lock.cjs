'use strict';

/**
 * One set-up at a time per build folder. The lock is a folder that holds one file named after its
 * owner. It is taken by renaming a prepared folder onto it, which the kernel allows only while the
 * lock is absent or empty; a dead owner's lock is broken by removing that owner's file, so nobody
 * can break a lock that somebody else has taken meanwhile.
 */
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} = require('node:fs');
const { dirname, join } = require('node:path');

/** Runs `action` alone; `onWait(pid)` is called once if another process has to finish first. */
function withLock(folder, action, onWait = () => {}) {
  const release = take(folder, onWait);
  try {
    return action();
  } finally {
    release();
  }
}

function take(folder, onWait) {
  makeFolder(folder);
  const lock = join(folder, 'lock');
  const owner = ownName();
  const prepared = mkdtempSync(join(folder, 'lock-'));
  writeFileSync(join(prepared, owner), '');
  for (let waited = false; !isRenamed(prepared, lock); ) {
    const other = livingOwner(lock);
    if (other === undefined) continue;
    if (!waited) onWait(other);
    waited = true;
    sleep(100);
  }
  return () => {
    unlinkSync(join(lock, owner));
    try {
      rmdirSync(lock);
    } catch {
      // the next owner was faster
    }
  };
}

/** One by one: Node's own way never ends below /proc, which has no room for new names. */
function makeFolder(folder) {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

function isRenamed(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false;
    rmSync(from, { recursive: true, force: true });
    throw error;
  }
}

/** Tells this process from any other, also after it. */
function ownName() {
  return `${process.pid}.${startTime(process.pid)}`;
}

/** The owner's process id; undefined after a dead owner's claim has been removed. */
function livingOwner(lock) {
  for (const owner of namesIn(lock)) {
    const [pid, started] = owner.split('.');
    if (isAlive(Number(pid), started)) return Number(pid);
    rmSync(join(lock, owner), { recursive: true, force: true });
  }
  return undefined;
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(pid, started) {
  try {
    if (!Number.isSafeInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  const now = startTime(pid);
  // hidden from us by a hidepid mount: it exists, so believe it
  return now === '' || now === started;
}

/** proc_pid_stat(5), field 22; tells two processes with one id apart. Empty if unknown. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // a zombie has ended, whether or not anybody asks how
    return fields[0] === 'Z' ? 'ended' : fields[19];
  } catch {
    return '';
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

module.exports = { livingOwner, ownName, withLock };
