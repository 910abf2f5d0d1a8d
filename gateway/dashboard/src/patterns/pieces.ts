/** A pattern as it is shown: its words, and the places of what varies. It is cut where nobody reads on. */
import { beginning } from '../home/beginning';

export interface Piece {
  text: string;
  isHole: boolean;
}

const HOLES = /(<(?:\*|num|word|uuid|ip|text)>)/;
const SHOWN_CHARACTERS = 600;

export function piecesOf(pattern: string): Piece[] {
  return beginning(pattern, SHOWN_CHARACTERS)
    .split(HOLES)
    .map((text, at) => ({ text, isHole: at % 2 === 1 }))
    .filter(({ text }) => text !== '');
}
