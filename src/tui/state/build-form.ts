/** What is to be built, as the fields of a form. Pure; `formCommand` is what a user would type. */
import { splitWords } from './effect.ts';

export interface BuildForm {
  fields: readonly Field[];
  cursor: number;
}

export interface Field {
  name: FieldName;
  label: string;
  value: string;
  /** What left and right step through. */
  choices: readonly string[];
}

export type FieldName = 'context' | 'platforms' | 'target' | 'output' | 'others';

export function startForm(folder: string, hostPlatform: string): BuildForm {
  const field = (name: FieldName, label: string, value: string, choices: string[] = []): Field => ({
    name,
    label,
    value,
    choices,
  });
  return {
    cursor: 0,
    fields: [
      field('context', 'context', folder, [folder]),
      field('platforms', 'platforms', hostPlatform, presets(hostPlatform)),
      field('target', 'target stage', ''),
      field('output', 'output', '', ['', 'type=oci,dest=out.tar', 'type=oci,dest=out,tar=false']),
      field('others', 'more options', '', ['', '--no-cache', '--offline']),
    ],
  };
}

/** One, two, three platforms and all of them; the host's own first, as nothing runs faster. */
function presets(hostPlatform: string): string[] {
  const others = platforms.filter((each) => each !== hostPlatform);
  return [0, 1, 2, others.length].map((count) =>
    [hostPlatform, ...others.slice(0, count)].join(','),
  );
}

/** The most wanted first. */
const platforms = [
  ...['linux/amd64', 'linux/arm64', 'linux/riscv64'],
  ...['linux/386', 'linux/arm/v7', 'linux/ppc64le', 'linux/s390x'],
];

/** The words after `mpkit`. */
export function formCommand(form: BuildForm): string[] {
  const value = (name: FieldName) => form.fields.find((each) => each.name === name)?.value ?? '';
  return [
    'build',
    ...(value('platforms') ? ['--platform', value('platforms')] : []),
    ...(value('target') ? ['--target', value('target')] : []),
    ...(value('output') ? ['--output', value('output')] : []),
    ...splitWords(value('others')),
    value('context') || '.',
  ];
}

export function setField(form: BuildForm, name: string, value: string): BuildForm {
  return {
    ...form,
    fields: form.fields.map((each) => (each.name === name ? { ...each, value } : each)),
  };
}

/** Left and right: the next thing that could be meant. */
export function stepField(form: BuildForm, by: 1 | -1): BuildForm {
  const field = form.fields[form.cursor];
  if (!field || field.choices.length === 0) return form;
  const at = field.choices.indexOf(field.value);
  const next = field.choices.at((at + by + field.choices.length) % field.choices.length);
  return setField(form, field.name, next ?? field.value);
}

/** Contexts that were built before can be picked. */
export function offerContexts(form: BuildForm, contexts: readonly string[]): BuildForm {
  return {
    ...form,
    fields: form.fields.map((each) =>
      each.name === 'context'
        ? { ...each, choices: [...new Set([...each.choices, ...contexts])] }
        : each,
    ),
  };
}
