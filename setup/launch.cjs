'use strict';

// Only syntax of Node 12 here: an older Node must get as far as its own refusal.
require('./node-version.cjs')();

const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { packageRoot, whereNative, staleParts } = require('./freshness.cjs');

let native = whereNative();
if (staleParts(native).length > 0) native = require('./prepare.cjs').prepare();

// A user who names another sandbox program is obeyed.
process.env.MPKIT_SANDBOX = process.env.MPKIT_SANDBOX || join(native, 'native/sandbox');
import(pathToFileURL(join(packageRoot, 'dist/main.js')).href);
