/**
 * What is said of files: how they are to be read, and what is said of their lines.
 *
 * Invariant: an empty value is not sent, nor one whose field is not there for the format that was chosen.
 */
export interface Values {
  format: string;
  delimiter: string;
  header: string;
  timestamp_format: string;
  timezone: string;
  multiline: string;
  encoding: string;
  source: string;
  environment: string;
  service_name: string;
  tags: string;
  description: string;
}

export type Name = keyof Values;

export const NOTHING_SAID: Values = {
  format: '',
  delimiter: '',
  header: '',
  timestamp_format: '',
  timezone: '',
  multiline: '',
  encoding: '',
  source: '',
  environment: '',
  service_name: '',
  tags: '',
  description: '',
};

/** What changes how a file is read. */
const READING: readonly Name[] = [
  'format',
  'delimiter',
  'header',
  'timestamp_format',
  'timezone',
  'multiline',
  'encoding',
  'source',
];

const OF_FORMATS: Partial<Record<Name, readonly string[]>> = {
  delimiter: ['', 'csv'],
  header: ['', 'csv'],
  multiline: ['', 'log', 'txt'],
};

/** Whether a value says anything about files of the format. */
export function counts(name: Name, format: string): boolean {
  return OF_FORMATS[name]?.includes(format) ?? true;
}

export function said(values: Values): [Name, string][] {
  const pairs = Object.entries(values) as [Name, string][];
  return pairs.filter(
    ([name, value]) => counts(name, values.format) && (name === 'delimiter' ? value : value.trim()),
  );
}

export function saidOfReading(values: Values): [Name, string][] {
  return said(values).filter(([name]) => READING.includes(name));
}

/** What is sent. */
export function formOf(file: Blob, name: string, values: [Name, string][]): FormData {
  const form = new FormData();
  for (const [field, value] of values) form.append(field, value);
  // What is said comes first: the server reads a form from its beginning.
  form.append('file', file, name);
  return form;
}

export function isField(name: string | null): name is Name {
  return name !== null && Object.hasOwn(NOTHING_SAID, name);
}
