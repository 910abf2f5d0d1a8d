/** How the lines are shown. */
import { prefer, usePreferences } from '../app/preferences';
import { Button } from '../design/controls';
import { Menu } from '../design/menu';

interface ViewProps {
  oldestFirst: boolean;
  /** The other end comes first. */
  onTurn(): void;
  /** The columns of now are those of every search. */
  onKeep(): void;
}

export function View({ oldestFirst, onTurn, onKeep }: ViewProps) {
  const wrap = usePreferences((state) => state.wrap);
  const isRoomy = usePreferences((state) => state.density === 'comfortable');
  return (
    <Menu
      trigger={<Button kind="plain">View ▾</Button>}
      items={[
        { title: 'Wrap lines', keys: 'w', checked: wrap, run: () => prefer({ wrap: !wrap }) },
        {
          title: 'Roomy rows',
          checked: isRoomy,
          run: () => prefer({ density: isRoomy ? 'compact' : 'comfortable' }),
        },
        { title: 'Oldest first', checked: oldestFirst, run: onTurn },
        { title: 'These columns for every search', run: onKeep },
      ]}
    />
  );
}
