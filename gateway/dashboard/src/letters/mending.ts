/** What a mended line would be taken as. It judges no fields: the server does. */

export type Judged =
  /** `line` is what is sent. */
  | { is: 'object' | 'value'; line: string }
  | { is: 'text'; line: string; why: string | null }
  | { is: 'several'; count: number }
  | { is: 'empty' };

export function judged(text: string): Judged {
  const trimmed = text.trim();
  if (trimmed === '') return { is: 'empty' };
  try {
    const value: unknown = JSON.parse(trimmed);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    // In JSON a line end can only stand between values.
    return { is: isObject ? 'object' : 'value', line: trimmed.replace(/\r?\n/g, ' ') };
  } catch (error) {
    const count = trimmed.split('\n').length;
    if (count > 1 && !trimmed.startsWith('{')) return { is: 'several', count };
    const why = trimmed.startsWith('{') && error instanceof Error ? error.message : null;
    return { is: 'text', line: trimmed.replace(/\r?\n/g, ' '), why };
  }
}

export function sentenceOf(judgement: Judged): string {
  switch (judgement.is) {
    case 'object':
      return 'A JSON object: its fields will be taken.';
    case 'value':
      return 'JSON, but no object: it will be kept as plain text.';
    case 'text':
      return judgement.why === null
        ? 'It will be kept as plain text.'
        : `No JSON yet, so it would be kept as plain text: ${judgement.why}.`;
    case 'several':
      return `These are ${judgement.count} lines; a letter is one.`;
    case 'empty':
      return 'There is nothing to send.';
  }
}

/** What is sent; none if nothing can be. */
export function lineOf(judgement: Judged): string | null {
  return 'line' in judgement ? judgement.line : null;
}
