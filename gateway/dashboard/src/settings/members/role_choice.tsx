/** A role in a list, which can be changed where it stands. */

import { GIVEN_ROLES, type Role, reaches } from '../../app/roles';
import { join } from '../../design/controls';
import controls from '../../design/controls.module.css';
import css from '../parts/parts.module.css';

interface RoleChoiceProps {
  /** Whose role it is. */
  of: string;
  role: Role;
  /** The role of whoever changes it. */
  own: string;
  disabled?: boolean;
  onChange: (role: Role) => void;
}

export function RoleChoice({ of, role, own, disabled, onChange }: RoleChoiceProps) {
  if (!reaches(own, role) || role === 'superadmin') return <>{role}</>;
  return (
    <select
      className={join(controls.input, css.narrow)}
      aria-label={`Role of ${of}`}
      value={role}
      disabled={disabled}
      onChange={({ target }) => onChange(target.value as Role)}
    >
      {GIVEN_ROLES.filter((one) => reaches(own, one)).map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}
