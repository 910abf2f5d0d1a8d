/** Who belongs to the tenant: people, those who are invited, programs. For its administrators. */

import { may } from '../app/roles';
import { useMe } from '../app/session';
import { Waiting } from '../design/states';
import { Settings } from './frame';
import { Invitations } from './members/invitations';
import { Machines } from './members/machines';
import { People } from './members/people';
import { Rights } from './members/rights';
import { NotYours } from './parts/answered';

export default function MembersPage() {
  const me = useMe();
  return (
    <Settings title="Members">
      {!me ? (
        <Waiting />
      ) : may(me.role, 'admin') ? (
        <>
          <People me={me} />
          <Invitations me={me} />
          <Machines me={me} />
          <Rights />
        </>
      ) : (
        <>
          <NotYours what="Administrators see who belongs to the organization" who="An administrator" />
          <Rights />
        </>
      )}
    </Settings>
  );
}
