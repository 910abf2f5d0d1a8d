/** Menus and floating panels. They leave the page as it is: it scrolls, and is read, while they are open. */
import { DropdownMenu, Popover } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import css from './menu.module.css';

export interface Item {
  title: ReactNode;
  run: () => void;
  keys?: string;
  disabled?: boolean;
  /** Of a choice. */
  checked?: boolean;
}

export function Menu({ trigger, items }: { trigger: ReactElement; items: (Item | null | false)[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={main()}>
        <DropdownMenu.Content className={css.menu} align="start" sideOffset={4} collisionPadding={8}>
          {items
            .filter((item) => !!item)
            .map((item, at) => (
              <MenuItem key={at} {...item} />
            ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function MenuItem({ title, run, keys, disabled = false, checked }: Item) {
  const inside = (
    <>
      {checked !== undefined && <span aria-hidden>{checked ? '✓' : '\u2003'}</span>}
      <span>{title}</span>
      {keys && <kbd>{keys}</kbd>}
    </>
  );
  return checked === undefined ? (
    <DropdownMenu.Item className={css.item} disabled={disabled} onSelect={run}>
      {inside}
    </DropdownMenu.Item>
  ) : (
    <DropdownMenu.CheckboxItem className={css.item} disabled={disabled} checked={checked} onSelect={run}>
      {inside}
    </DropdownMenu.CheckboxItem>
  );
}

interface PanelProps {
  trigger: ReactElement;
  children: ReactNode;
  label: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

export function Panel({ trigger, children, label, ...state }: PanelProps) {
  return (
    <Popover.Root modal={false} {...state}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal container={main()}>
        <Popover.Content
          className={css.panel}
          aria-label={label}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          // The undo of what was done here is no click elsewhere. It is gone from the page by the time it is heard of.
          onInteractOutside={(event) => {
            if (event.target instanceof Element && event.target.closest('[data-news]'))
              event.preventDefault();
          }}
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** What floats is a part of the content, too. */
function main(): HTMLElement | null {
  return document.getElementById('main');
}
