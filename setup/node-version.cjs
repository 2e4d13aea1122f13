'use strict';

/** Ends the process with one line and status 3 where Node is too old; parses on Node 12. */
module.exports = function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(
    `mpkit: Node.js ${process.versions.node} is too old; install 20.19 or newer (https://nodejs.org)\n`,
  );
  process.exit(3);
};
