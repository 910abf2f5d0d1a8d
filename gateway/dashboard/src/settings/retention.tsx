/** How long lines are kept, and the data as a whole: exports, imports, the end. */

import { useMay } from '../app/roles';
import { Settings } from './frame';
import { NotYours } from './parts/answered';
import { Erase } from './retention/erase';
import { Exports } from './retention/exports';
import { Imports } from './retention/imports';
import { Kept } from './retention/kept';

export default function RetentionPage() {
  const isAdmin = useMay('admin');
  return (
    <Settings title="Retention and data">
      <Kept />
      {isAdmin === false && (
        <NotYours
          what="Administrators export, import and erase the data of the organization"
          who="An administrator"
        />
      )}
      {isAdmin && (
        <>
          <Exports />
          <Imports />
          <Erase />
        </>
      )}
    </Settings>
  );
}
