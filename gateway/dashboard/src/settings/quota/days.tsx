/** The days before, in UTC as they are counted. Their number stands in the address. */
import type { QuotaUse } from '../../api/schema';
import { useAddress } from '../../app/address';
import { Choice } from '../../design/controls';
import { bytes, exact, short } from '../../design/numbers';
import { Section, Table } from '../../design/page';
import css from './quota.module.css';
import { filled } from './words';

const COUNTS = ['7', '30', '92'];

/** Those that the server lists, or a week. */
export function countOf(text: string | undefined): string {
  return COUNTS.find((count) => count === text) ?? '7';
}

export function Days({ days, count }: { days: QuotaUse['days']; count: string }) {
  const [, go] = useAddress();
  const most = Math.max(...days.map(({ lines }) => lines), 1);
  return (
    <Section title="Days" about="Each from midnight to midnight UTC, as the limits count them.">
      <div className={css.narrow}>
        <Choice
          label="Show"
          value={count}
          onChange={({ target }) => go({ days: target.value === '7' ? undefined : target.value })}
        >
          {COUNTS.map((one) => (
            <option key={one} value={one}>
              {one} days
            </option>
          ))}
        </Choice>
      </div>
      <Table label="List of days" columns={['Day', 'Lines', 'Bytes']} last="Share of the fullest day">
        {days.map(({ day, lines, bytes: sent }, at) => (
          <tr key={day}>
            <td>
              {day.slice(0, 10)}
              {at === 0 && ' · today'}
            </td>
            <td title={exact(lines)}>{short(lines)}</td>
            <td title={exact(sent)}>{bytes(sent)}</td>
            <td className={css.wide} aria-hidden>
              <div className={css.bar}>
                <div className={css.fill} style={{ width: `${filled(lines, most)}%` }} />
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
