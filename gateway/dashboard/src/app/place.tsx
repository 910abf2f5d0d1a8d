/** A page of this dashboard that something leads to. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export interface Place {
  to: string;
  search?: Record<string, string>;
}

interface ToPlaceProps {
  place: Place;
  className?: string | undefined;
  onClick(): void;
  children: ReactNode;
}

export function ToPlace({ place: { to, search = {} }, ...rest }: ToPlaceProps) {
  return <Link to={to as never} search={search as never} {...rest} />;
}
