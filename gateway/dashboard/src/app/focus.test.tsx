import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useKeptFocus } from './focus';

const world = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
let end: () => void;

function Page() {
  useKeptFocus();
  return (
    <main id="main" tabIndex={-1}>
      <button type="button">one</button>
      <button type="button">other</button>
      <div id="panel" tabIndex={-1}>
        <button type="button">inside</button>
      </div>
    </main>
  );
}

beforeEach(() => {
  world.IS_REACT_ACT_ENVIRONMENT = true;
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  act(() => root.render(<Page />));
  end = () => {
    act(() => root.unmount());
    document.body.replaceChildren();
  };
});

afterEach(() => end());

const buttons = () => [...document.querySelectorAll('button')];
const told = () => new Promise((done) => setTimeout(done));

it('is on the content when what had it is gone', async () => {
  buttons()[0]?.focus();
  buttons()[0]?.remove();
  await told();
  expect(document.activeElement?.id).toBe('main');
});

it('stays in the panel in which it was', async () => {
  buttons()[2]?.focus();
  buttons()[2]?.remove();
  await told();
  expect(document.activeElement?.id).toBe('panel');
});

it('stays where it was put', async () => {
  const [one, other] = buttons();
  one?.focus();
  other?.focus();
  one?.remove();
  await told();
  expect(document.activeElement).toBe(other);
});
