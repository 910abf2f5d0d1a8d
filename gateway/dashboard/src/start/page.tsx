/** From nothing to the first line: a key, a way to send, and the line as it arrives. */
import { Page } from '../design/page';
import { ArriveStep } from './arriving';
import { ExampleStep } from './demo';
import { KeyStep } from './making';
import { SendStep } from './picking';

export default function Start() {
  return (
    <Page title="Send logs">
      <KeyStep />
      <SendStep />
      <ArriveStep />
      <ExampleStep />
    </Page>
  );
}
