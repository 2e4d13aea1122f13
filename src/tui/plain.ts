/**
 * Progress as lines, for logs and CI: every line says which vertex, platform and step it belongs
 * to, so that interleaved steps stay readable and no line of a step begins at the margin.
 */
import type { BuildEvent, PlannedPlatform, VertexLabel } from '../builder/events.ts';
import { cleanLine, cleanName } from './clean.ts';
import { cutEnd } from './cut.ts';
import { createTransferLog } from './transfer-log.ts';

export interface PlainOptions {
  write: (text: string) => void;
  colour: boolean;
  /** Bytes of output that one step may print; the rest is only counted. */
  logLimit?: number;
}

const defaultLogLimit = 2 * 1024 * 1024;

export function createPlainPrinter(options: PlainOptions): (event: BuildEvent) => void {
  const shown = new Map<string, Shown>();
  const shownOf = (label: VertexLabel): Shown => {
    const known = shown.get(label.id);
    if (known) return known;
    const place = `${label.platform} ${label.step}`;
    const made = {
      number: shown.size + 1,
      place,
      start: 0,
      partial: '',
      printed: 0,
      clipped: false,
    };
    shown.set(label.id, made);
    line(`#${made.number} [${place}] ${cleanName(firstLine(label.text))}`);
    return made;
  };
  const line = (text: string) => options.write(`${text}\n`);
  const transferLog = createTransferLog();
  return (event) => {
    switch (event.type) {
      case 'plan':
        for (const text of planLines(event.platforms)) line(text);
        return;
      case 'notice':
        return line(`=> ${cleanName(event.text)}`);
      case 'started':
        shownOf(event.vertex).start = event.at;
        return;
      case 'log':
        return printLog(shownOf(event.vertex), event, { ...options, line });
      case 'cached':
        return line(`#${shownOf(event.vertex).number} CACHED`);
      case 'done': {
        const vertex = shownOf(event.vertex);
        flush(vertex, event.at, { ...options, line });
        return line(`#${vertex.number} DONE ${seconds(event.at - vertex.start)}s`);
      }
      case 'failed': {
        const vertex = shownOf(event.vertex);
        flush(vertex, event.at, { ...options, line });
        return line(`#${vertex.number} ERROR: ${cleanName(event.message)}`);
      }
      case 'canceled':
        return line(`#${shownOf(event.vertex).number} CANCELED`);
      case 'transfer': {
        const { line: text } = transferLog(event);
        if (text !== undefined) line(`=> ${text}`);
      }
    }
  };
}

interface Shown {
  number: number;
  place: string;
  start: number;
  /** The unfinished last line. */
  partial: string;
  printed: number;
  clipped: boolean;
}

type LinePrinter = PlainOptions & { line: (text: string) => void };

function printLog(
  vertex: Shown,
  { chunk, at }: { chunk: Buffer; at: number },
  printer: LinePrinter,
): void {
  const { logLimit = defaultLogLimit } = printer;
  if (vertex.clipped) return;
  vertex.printed += chunk.length;
  if (vertex.printed > logLimit) {
    vertex.clipped = true;
    vertex.partial = '';
    printer.line(`#${vertex.number} [${vertex.place}] output clipped after ${logLimit} bytes`);
    return;
  }
  const lines = (vertex.partial + chunk.toString('utf8')).split('\n');
  vertex.partial = lines.pop() ?? '';
  for (const text of lines) printLine(vertex, text, at, printer);
}

function flush(vertex: Shown, at: number, printer: LinePrinter): void {
  if (vertex.partial !== '') printLine(vertex, vertex.partial, at, printer);
  vertex.partial = '';
}

/** A carriage return starts the line anew, as progress bars use it: the last state is shown. */
function printLine(vertex: Shown, text: string, at: number, { line, colour }: LinePrinter): void {
  const last = text.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  const time = seconds(at - vertex.start);
  // short lines cost more than their own bytes
  vertex.printed += vertex.place.length + 12;
  line(`#${vertex.number} [${vertex.place}] ${time} ${cleanLine(last, colour)}`);
}

function planLines(platforms: PlannedPlatform[]): string[] {
  return platforms.flatMap(({ platform, steps }) => {
    if (steps.length === 0) return [`plan ${platform}: executes nothing`];
    const groups = new Map<string, string[]>();
    for (const { label, platform: own, kind, emulator } of steps) {
      const by = kind === 'native' ? 'native' : `emulated by ${emulator ?? 'QEMU, to be fetched'}`;
      const how = own === platform ? by : `${own} ${by}`;
      groups.set(how, [...(groups.get(how) ?? []), label.step]);
    }
    return [...groups].map(([how, names]) => `plan ${platform}: ${how}: RUN ${names.join(', ')}`);
  });
}

function firstLine(text: string): string {
  const [first = '', ...others] = text.split('\n');
  const shown = cutEnd(first, 300);
  return others.length > 0 ? `${shown} ...` : shown;
}

/** Milliseconds as `1.2`. */
function seconds(milliseconds: number): string {
  return (Math.max(0, milliseconds) / 1000).toFixed(1);
}
