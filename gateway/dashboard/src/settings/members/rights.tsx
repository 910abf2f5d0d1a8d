/** What each role may do. */

import { GIVEN_ROLES, SCOPE_WORDS, SCOPES, scopesOf } from '../../app/roles';
import { Section, Table } from '../../design/page';

export function Rights() {
  return (
    <Section title="What roles may do">
      <Table label="Roles and scopes" columns={['May', ...GIVEN_ROLES]}>
        {SCOPES.map((scope) => (
          <tr key={scope}>
            <td>{SCOPE_WORDS[scope]}</td>
            {GIVEN_ROLES.map((role) => (
              <td key={role}>{scopesOf(role).includes(scope) ? 'yes' : '–'}</td>
            ))}
          </tr>
        ))}
      </Table>
    </Section>
  );
}
