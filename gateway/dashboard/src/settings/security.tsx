/** Password and logins of whoever looks at it. */
import { Settings } from './frame';
import { Password } from './security/password';
import { Sessions } from './security/sessions';

export default function SecurityPage() {
  return (
    <Settings title="Security">
      <Password />
      <Sessions />
    </Settings>
  );
}
