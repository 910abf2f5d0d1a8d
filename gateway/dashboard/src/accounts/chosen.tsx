/** The fields in which somebody new chooses a name and a password, with what the server asks of both. */
import type { Sending } from '../app/sending';
import { TextField } from '../design/controls';

interface ChosenNameProps {
  value: string;
  onChange: (value: string) => void;
  sending: Sending;
}

export function ChosenName({ value, onChange, sending }: ChosenNameProps) {
  return (
    <TextField
      label="Username"
      name="username"
      hint="Letters, digits and . _ -"
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      required
      value={value}
      onChange={(event) => onChange(event.target.value)}
      wrong={sending.wrong('username')}
    />
  );
}

/** Typed twice, as the two fields hold it. */
export interface Twice {
  password: string;
  again: string;
}

interface ChosenPasswordProps {
  value: Twice;
  onChange: (value: Twice) => void;
  sending: Sending;
  /** What the server calls the two fields. */
  names?: readonly [string, string];
  label?: string;
}

export function ChosenPassword({
  value,
  onChange,
  sending,
  names = ['password', 'password_confirm'],
  label = 'Password',
}: ChosenPasswordProps) {
  const field = (name: string, of: keyof Twice) => ({
    name,
    type: 'password',
    autoComplete: 'new-password',
    required: true,
    value: value[of],
    onChange: (event: { target: { value: string } }) => onChange({ ...value, [of]: event.target.value }),
    wrong: sending.wrong(name),
  });
  return (
    <>
      <TextField
        {...field(names[0], 'password')}
        label={label}
        hint="At least 8 characters; not common, not only digits, not like your name."
      />
      <TextField {...field(names[1], 'again')} label={`${label} once more`} />
    </>
  );
}
