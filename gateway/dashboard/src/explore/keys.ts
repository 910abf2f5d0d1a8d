/** The keys of explore, which the palette shows, too. It does nothing itself. */
import { useOffer } from '../app/actions';

interface Keys {
  isLive: boolean;
  write(): void;
  run(): void;
  toggleLive(): void;
  togglePause(): void;
  begin(): void;
  move(by: 1 | -1): void;
  open(): void;
  close(): void;
  step(by: 1 | -1): void;
  toggleFields(): void;
  toggleWrap(): void;
}

const group = 'Explore';

export function useExploreKeys(does: Keys) {
  useOffer([
    { title: 'Write a query', keys: '/', group, run: does.write },
    { title: 'Run the query', keys: 'Mod+Enter', group, run: does.run, whileTyping: true },
    { title: does.isLive ? 'Stop live mode' : 'Go live', keys: 'l', group, run: does.toggleLive },
    { title: 'Pause or go on', keys: 'Space', group, run: does.togglePause },
    { title: 'New search', keys: 'n', group, run: does.begin },
    { title: 'Next line', keys: 'j', group, run: () => does.move(1), hidden: true },
    { title: 'Line before', keys: 'k', group, run: () => does.move(-1), hidden: true },
    { title: 'Open the line', keys: 'Enter', group, run: does.open, hidden: true },
    { title: 'Close the line', keys: 'Escape', group, run: does.close, hidden: true },
    { title: 'Earlier', keys: '[', group, run: () => does.step(-1) },
    { title: 'Later', keys: ']', group, run: () => does.step(1) },
    { title: 'Show or hide fields', keys: 'f', group, run: does.toggleFields },
    { title: 'Wrap lines', keys: 'w', group, run: does.toggleWrap },
  ]);
}
