/** Reads the value of a flag that is a line of CSV (RFC 4180), as the field's tools read it. Pure. */

/** Undefined where a quote is not closed, or is followed by or found inside other text. */
export function readCsv(line: string): string[] | undefined {
  const fields: string[] = [];
  const next = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = next.exec(line);
    if (!found) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') return fields;
  }
}
