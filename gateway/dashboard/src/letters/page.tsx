/** Dead letters: what was sent and could not be taken. With `?letter=` it is the page of one. */
import { useAddress } from '../app/address';
import { LetterPage } from './letter';
import { LetterList } from './list';

export default function Letters() {
  const [search, go] = useAddress();
  if (search.letter) return <LetterPage key={search.letter} id={search.letter} search={search} go={go} />;
  return <LetterList search={search} go={go} />;
}
