/** Work in the background: of the tenant, and for whoever runs the server its upkeep. */

import { useAddress } from '../app/address';
import { useMe } from '../app/session';
import { Page } from '../design/page';
import { JobTable } from './list';
import { Upkeep } from './upkeep';

export default function Jobs() {
  const [search, go] = useAddress();
  const role = useMe()?.role;
  return (
    <Page title="Jobs">
      <JobTable search={search} go={go} />
      {role === 'superadmin' && <Upkeep />}
    </Page>
  );
}
