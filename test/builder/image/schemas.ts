/** The JSON schemas of image-spec, from the shared suites; `schemas` is undefined without them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

const suite = join(import.meta.dirname, '../../../../shared/suites/image-spec');
const kinds = {
  config: 'config-schema.json',
  descriptor: 'content-descriptor.json',
  index: 'image-index-schema.json',
  layout: 'image-layout-schema.json',
  manifest: 'image-manifest-schema.json',
};

export type Kind = keyof typeof kinds;

export interface SuiteDocument {
  kind: Kind;
  document: string;
  valid: boolean;
}

export const hasSuite = existsSync(suite);
export const needsSuite = hasSuite ? '' : ' (skipped: ../shared/suites/image-spec is missing)';

export function suiteDocuments(): SuiteDocument[] {
  if (!hasSuite) return [];
  return JSON.parse(readFileSync(join(suite, 'documents.json'), 'utf8')).cases;
}

/** What is wrong with `document`, a parsed JSON value; undefined when nothing is. */
export function violations(kind: Kind, document: unknown): string | undefined {
  ajv ??= load();
  const validate = ajv.getSchema(kinds[kind])!;
  return validate(document) ? undefined : ajv.errorsText(validate.errors);
}

let ajv: Ajv | undefined;

/** Draft 4 says `id` where later drafts say `$id`; references are by file name. */
function load(): Ajv {
  const loaded = new Ajv({ strict: false, validateFormats: false, logger: false });
  for (const name of readdirSync(join(suite, 'schema'))) {
    const text = readFileSync(join(suite, 'schema', name), 'utf8');
    const schema = JSON.parse(text, (key, value) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    );
    loaded.addSchema(schema, name);
  }
  return loaded;
}
