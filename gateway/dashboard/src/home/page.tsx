/** How it goes: figures, volume, errors, services, the server, files. The span is in the address. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useAddress } from '../app/address';
import { buttonClass } from '../design/controls';
import { Page } from '../design/page';
import { Empty, Note } from '../design/states';
import { TimePicker } from '../explore/time/picker';
import { type Asked, wrong } from '../explore/time/span';
import { askedOf, writtenAsked } from './asked';
import { ErrorsPanel } from './errors';
import { figures } from './figures';
import { FilesPanel } from './files';
import css from './home.module.css';
import { ServerPanel } from './server';
import { ServicesPanel } from './services';
import { Tiles } from './tiles';
import { VolumePanel } from './volume';

const USUAL: Asked = { from: 'now-24h', to: 'now' };

export default function Home() {
  const [said, say] = useAddress();
  const asked = askedOf(said, USUAL);
  const reason = wrong(asked, new Date());
  const isBare = useQuery({ ...figures(asked), enabled: reason === null }).data?.now.storage.lines === 0;
  const choose = (to: Asked) => say(writtenAsked(to, USUAL));
  return (
    <Page title="Home" actions={!isBare && <TimePicker asked={asked} onChange={choose} />}>
      {reason && <Note kind="error">{reason}</Note>}
      {isBare && <Bare />}
      {!reason && !isBare && (
        <>
          <Tiles asked={asked} />
          <VolumePanel asked={asked} />
        </>
      )}
      <div className={css.panels}>
        {!reason && !isBare && (
          <>
            <ErrorsPanel asked={asked} />
            <ServicesPanel asked={asked} />
          </>
        )}
        <FilesPanel />
        <ServerPanel />
      </div>
    </Page>
  );
}

function Bare() {
  return (
    <Empty title="There are no lines yet">
      <p>Figures appear here with the first line.</p>
      <div className={css.buttons}>
        <Link to="/start" className={buttonClass}>
          Send the first line
        </Link>
        <Link to="/uploads" className={buttonClass}>
          Upload a file
        </Link>
      </div>
    </Empty>
  );
}
