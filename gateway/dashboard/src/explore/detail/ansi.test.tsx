import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Text } from './ansi';

const shown = (text: string, marks?: readonly string[]) =>
  renderToStaticMarkup(<Text text={text} {...(marks && { marks })} />).replace(/ class="[^"]*"/g, '');

describe('a text of a line', () => {
  it('without codes and marks is itself', () => {
    expect(Text({ text: 'plain' })).toBe('plain');
    expect(Text({ text: 'plain', marks: [] })).toBe('plain');
    expect(Text({ text: 'plain', marks: ['other'] })).toBe('plain');
  });

  it('has its words marked in any case', () => {
    expect(shown('Timeout, a timeout', ['timeout'])).toBe('<mark>Timeout</mark>, a <mark>timeout</mark>');
    expect(shown('größer GRÖSSER', ['GRÖßER'])).toBe('<mark>größer</mark> GRÖSSER');
    expect(shown('a.b axb', ['a.b'])).toBe('<mark>a.b</mark> axb');
  });

  it('has the longer of two words marked', () => {
    expect(shown('timeouts', ['time', 'timeouts'])).toBe('<mark>timeouts</mark>');
  });

  it('shows codes as colours, and marks across them', () => {
    expect(shown('\u001b[31mti\u001b[0mme', ['time'])).toBe(
      '<span data-ink="red"><mark>ti</mark></span><span><mark>me</mark></span>',
    );
  });

  it('is never taken for markup', () => {
    expect(shown('<b>x</b> y', ['y'])).toBe('&lt;b&gt;x&lt;/b&gt; <mark>y</mark>');
  });
});
