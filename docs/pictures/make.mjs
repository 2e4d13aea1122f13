// Makes the pictures of the README from the real thing: node docs/pictures/make.mjs [STATE-FOLDER]
//
// Drives `mpkit` in tmux, captures screens with their colours, and writes each as SVG. Needs tmux
// and what examples/hello needs; STATE-FOLDER keeps emulators between runs.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const here = import.meta.dirname;
const clone = join(here, '../..');
const work = mkdtempSync(join(tmpdir(), 'mpkit-pictures-'));
const state = process.argv[2] ?? join(work, 'state');
const socket = `mpkit-pictures-${process.pid}`;
const [columns, rows] = [100, 26];
const platforms = 'linux/amd64,linux/arm64,linux/riscv64';

const environment = { ...process.env, MPKIT_ROOT: state, LC_ALL: 'C.UTF-8' };

try {
  // set-up says what it does, which belongs on no picture
  execFileSync(join(clone, 'bin/mpkit'), ['--version']);
  const { folder, base } = prepare();
  const build = `--no-cache --build-context base=oci-layout://${base}`;
  open(folder);
  line(`clear; mpkit build ${build} --platform ${platforms} .`);
  await see(/▸~/);
  picture('build-live');
  await see(/=> linux\/riscv64/);
  picture('build-summary');
  line('clear; mpkit');
  await see(/private namespace|host/);
  await sleep(4000);
  picture('host');
  keys('2');
  await see(/^> \S+ +\d/m);
  // a CPU that does not run natively has more to choose
  keys('Down', 'Down', 'Down');
  await see(/^> arm64 /m);
  await sleep(500);
  picture('emulators');
  keys('3', 'Enter');
  await see(/measuring .*: [4-9]\d of \d+ samples/);
  picture('bench');
  keys('x', '4', 'Down', 'Enter');
  text(`,${platforms.split(',').slice(1).join(',')}`);
  keys('Enter', 'Down', 'Down', 'Down', 'Enter');
  text(build);
  keys('Enter', 'b');
  await see(/r retry/);
  picture('build');
  keys('5', 'Enter');
  await see(/configuration/);
  picture('results');
  keys('q');
  await see(/^\$ *$/m);
} finally {
  tmux('kill-server');
  if (process.argv[2] === undefined) removeState();
  rmSync(work, { recursive: true, force: true });
}

function prepare() {
  const example = join(clone, 'examples/hello');
  const context = join(work, 'base');
  execFileSync('sh', [join(example, 'base.sh'), context, platforms], {
    env: environment,
    stdio: 'inherit',
  });
  execFileSync('cp', ['-r', example, join(work, 'hello')]);
  // long enough to be seen while it runs
  const count = 'n=0; while [ $n -lt 50000 ]; do n=$((n+1)); done; echo counted to $n';
  appendFileSync(join(work, 'hello/Dockerfile'), `RUN ${count}\n`);
  return { folder: join(work, 'hello'), base: join(context, 'oci-layout') };
}

function open(folder) {
  const variables = [
    `MPKIT_ROOT=${state}`,
    'LC_ALL=C.UTF-8',
    'PS1=$ ',
    `PATH=${clone}/bin:${process.env.PATH}`,
  ];
  const shell = [
    'env',
    '-u',
    'CI',
    '-u',
    'NO_COLOR',
    ...variables,
    'bash',
    '--norc',
    '--noprofile',
  ];
  tmux(
    'new-session',
    '-d',
    '-x',
    `${columns}`,
    '-y',
    `${rows}`,
    '-s',
    'pictures',
    '-c',
    folder,
    ...shell,
  );
}

function tmux(...words) {
  const options = { encoding: 'utf8', env: environment };
  return execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], options);
}

function keys(...names) {
  for (const name of names) tmux('send-keys', '-t', 'pictures', name);
}

function text(typed) {
  tmux('send-keys', '-t', 'pictures', '-l', '--', typed);
}

function line(typed) {
  text(typed);
  keys('Enter');
}

async function see(what) {
  const end = Date.now() + 180_000;
  while (!what.test(tmux('capture-pane', '-p', '-t', 'pictures'))) {
    if (Date.now() > end)
      throw new Error(`no ${what}:\n${tmux('capture-pane', '-p', '-t', 'pictures')}`);
    await sleep(50);
  }
}

function picture(name) {
  const captured = tmux('capture-pane', '-e', '-p', '-t', 'pictures');
  writeFileSync(join(here, `${name}.svg`), svg(name, captured.replaceAll(work, '/home/me')));
}

/** One text element a line, one tspan for each run of a style. */
function svg(name, captured) {
  const [width, height] = [8.4, 18];
  const lines = captured.replace(/\n+$/, '').split('\n');
  const drawn = lines.map((each, at) => {
    let column = 0;
    const spans = runs(each).map(({ style, text: shown }) => {
      const x = (10 + column * width).toFixed(1);
      column += [...shown].length;
      const length = ([...shown].length * width).toFixed(1);
      return `<tspan x="${x}" textLength="${length}"${attributes(style)}>${escapeXml(shown)}</tspan>`;
    });
    return `<text y="${(at + 1) * height + 6}">${spans.join('')}</text>`;
  });
  const size = `width="${columns * width + 20}" height="${(lines.length + 1) * height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="monospace" font-size="14" fill="#d8dee9" xml:space="preserve">`,
    `<title>mpkit: ${name.replaceAll('-', ' ')}</title>`,
    '<rect width="100%" height="100%" rx="8" fill="#1e222a"/>',
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function runs(each) {
  const found = [];
  let style = new Set();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
  for (const [part, codes] of each.matchAll(/\x1b\[([0-9;]*)m|[^\x1b]+/g)) {
    if (codes === undefined) found.push({ style: new Set(style), text: part });
    else
      for (const code of (codes || '0').split(';'))
        if (code === '0') style = new Set();
        else style.add(code);
  }
  return found;
}

function attributes(style) {
  const colours = { 31: '#e06c75', 32: '#98c379', 33: '#e5c07b', 34: '#61afef', 36: '#56b6c2' };
  const colour = Object.keys(colours).find((code) => style.has(code));
  return [
    colour ? ` fill="${colours[colour]}"` : style.has('7') ? ' fill="#e5c07b"' : '',
    style.has('1') || style.has('7') ? ' font-weight="bold"' : '',
    style.has('2') ? ' opacity="0.65"' : '',
  ].join('');
}

function escapeXml(shown) {
  return shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function removeState() {
  try {
    // what was just ended may still write
    rmSync(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (error) {
    if (process.getuid() === 0) throw error;
    execFileSync('unshare', ['-Ur', '--map-auto', 'rm', '-rf', state]);
  }
}
