/** The fields of the form: what is said of lines, and how files are to be read. */
import { useId, useState } from 'react';
import { Choice, TextField } from '../design/controls';
import css from './sender.module.css';
import { counts, type Name, type Values } from './values';

interface FieldsProps {
  values: Values;
  onChange: (change: Partial<Values>) => void;
}

interface Wrong {
  name: Name;
  why: string;
}

const SOURCES = ['application', 'system', 'security', 'access', 'error', 'audit', 'custom'];
const ENVIRONMENTS = ['production', 'staging', 'development', 'testing'];
const CHARSETS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'iso-8859-15',
  'windows-1251',
  'shift_jis',
  'gbk',
];
const DELIMITERS = [',', ';', 'tab', '|'];

/** Of lines that do not say it themselves. */
export function Described({ values, onChange }: FieldsProps) {
  const text = textField(values, onChange, null);
  return (
    <fieldset className={css.fields}>
      <legend className={css.legend}>About the lines</legend>
      <Offered label="Source" {...text('source')} offers={SOURCES} />
      <Offered label="Environment" {...text('environment')} offers={ENVIRONMENTS} />
      <TextField label="Service" {...text('service_name')} />
      <TextField label="Tags" {...text('tags')} placeholder="eu, blue" />
      <div className={css.wide}>
        <TextField label="Description of the file" {...text('description')} maxLength={2000} />
      </div>
    </fieldset>
  );
}

export function HowToRead({
  values,
  onChange,
  wrong,
  several,
}: FieldsProps & { wrong: Wrong | null; several: boolean }) {
  const text = textField(values, onChange, wrong);
  const [isOpen, setOpen] = useState(false);
  const isExpression = !['', 'on', 'off'].includes(values.multiline);
  return (
    <details
      className={css.reading}
      open={isOpen || wrong !== null}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        How to read {several ? 'them, all of them the same' : 'it'}
        {values.format && `: as ${values.format}`}
      </summary>
      <div className={css.fields}>
        <Choice label="Format" {...text('format')}>
          <option value="">Find out</option>
          <option value="ndjson">JSON, one object a line</option>
          <option value="json">JSON</option>
          <option value="csv">CSV</option>
          <option value="log">Log of a known form</option>
          <option value="txt">Text</option>
        </Choice>
        {counts('delimiter', values.format) && (
          <Offered
            label="Delimiter of CSV"
            {...text('delimiter')}
            offers={DELIMITERS}
            placeholder="found out"
          />
        )}
        {counts('header', values.format) && (
          <Choice label="First row of CSV" {...text('header')}>
            <option value="">Find out</option>
            <option value="yes">Names the columns</option>
            <option value="no">Is a line like the others</option>
          </Choice>
        )}
        <TextField
          label="Form of times"
          {...text('timestamp_format')}
          placeholder="found out"
          hint="Such as %d/%m/%Y %H:%M:%S"
        />
        <TextField
          label="Zone of times"
          {...text('timezone')}
          placeholder="UTC"
          hint="Of times that name none: +02:00"
        />
        <Offered label="Charset" {...text('encoding')} offers={CHARSETS} placeholder="found out" />
        {counts('multiline', values.format) && (
          <Choice
            label="Entries of several lines"
            wrong={isExpression ? null : text('multiline').wrong}
            value={isExpression ? 'expression' : values.multiline}
            onChange={({ target }) =>
              onChange({ multiline: target.value === 'expression' ? '^' : target.value })
            }
          >
            <option value="">Join stack traces</option>
            <option value="on">Join all that fits no known form</option>
            <option value="off">Join none</option>
            <option value="expression">Begin where an expression fits</option>
          </Choice>
        )}
        {counts('multiline', values.format) && isExpression && (
          <TextField
            label="An entry begins with"
            {...text('multiline')}
            className={css.mono}
            hint="Such as ^\d{4}-"
          />
        )}
      </div>
    </details>
  );
}

function textField(values: Values, onChange: FieldsProps['onChange'], wrong: Wrong | null) {
  return (name: Name) => ({
    value: values[name],
    wrong: wrong?.name === name ? wrong.why : null,
    autoComplete: 'off',
    spellCheck: false,
    onChange: ({ target }: { target: { value: string } }) => onChange({ [name]: target.value }),
  });
}

/** A text for which some are usual. */
function Offered({ offers, ...rest }: { offers: string[] } & React.ComponentProps<typeof TextField>) {
  const id = useId();
  return (
    <>
      <TextField {...rest} list={id} />
      <datalist id={id}>
        {offers.map((offer) => (
          <option key={offer} value={offer} />
        ))}
      </datalist>
    </>
  );
}
