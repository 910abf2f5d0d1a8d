import { describe, expect, it } from 'vitest';
import { formOf, isField, NOTHING_SAID, said, saidOfReading } from './values';

describe('what is said of files', () => {
  it('is sent if it says something', () => {
    expect(said({ ...NOTHING_SAID, source: 'nginx', tags: ' ' })).toEqual([['source', 'nginx']]);
    expect(said({ ...NOTHING_SAID, delimiter: ' ' })).toEqual([['delimiter', ' ']]);
  });

  it('is not sent if the format that was chosen has no use for it', () => {
    expect(said({ ...NOTHING_SAID, format: 'ndjson', delimiter: ';', multiline: 'on' })).toEqual([
      ['format', 'ndjson'],
    ]);
    expect(said({ ...NOTHING_SAID, format: 'csv', delimiter: ';' })).toHaveLength(2);
  });

  it('changes a preview only if it changes how the file is read', () => {
    expect(saidOfReading({ ...NOTHING_SAID, source: 'access', description: 'of last night' })).toEqual([
      ['source', 'access'],
    ]);
  });

  it('comes before the file', () => {
    const form = formOf(new Blob(['x']), 'disks.log', [['source', 'nginx']]);
    expect([...form.keys()]).toEqual(['source', 'file']);
  });

  it('has a field only by its own name', () => {
    expect([isField('tags'), isField('__proto__'), isField('toString'), isField(null)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
