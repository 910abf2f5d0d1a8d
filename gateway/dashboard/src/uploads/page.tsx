/** Uploads: files are sent, and found again. With `?file=` it is the page of one file. */

import { useState } from 'react';
import { useAddress } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { Page } from '../design/page';
import { useChosen } from './chosen';
import { FilePage } from './file';
import { FileList } from './list';
import { Sender } from './sender';
import { Sending } from './sending';
import { dismiss, type Transfer } from './transfers';
import { NOTHING_SAID, type Values } from './values';

export default function Uploads() {
  const [search, go] = useAddress();
  const me = useMe();
  const choosing = useChosen();
  const [values, setValues] = useState<Values>(NOTHING_SAID);
  if (search.file) return <FilePage key={search.file} id={search.file} search={search} go={go} />;
  const back = (transfer: Transfer) => {
    dismiss(transfer.id);
    choosing.add([transfer.file]);
    setValues(transfer.values);
  };
  return (
    <Page title="Uploads">
      {me && may(me.role, 'ingest') && (
        <Sender owner={me.id} choosing={choosing} values={values} onValues={setValues} />
      )}
      {me && !may(me.role, 'ingest') && (
        <p>Your role ({me.role}) may look at files. Developers and administrators of the tenant send them.</p>
      )}
      {me && <Sending owner={me.id} onBack={back} />}
      <FileList search={search} go={go} />
    </Page>
  );
}
