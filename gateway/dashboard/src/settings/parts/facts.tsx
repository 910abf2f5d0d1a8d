/** Names with what stands for them. */
import type { ReactNode } from 'react';
import css from './parts.module.css';

export function Facts({ facts }: { facts: (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
