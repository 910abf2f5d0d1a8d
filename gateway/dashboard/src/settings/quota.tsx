/** What the tenant has sent, and may. It is asked again every few seconds as long as it is looked at. */
import { useQuery } from '@tanstack/react-query';
import { question } from '../api/questions';
import { useAddress } from '../app/address';
import { Section } from '../design/page';
import { Settings } from './frame';
import { Answered } from './parts/answered';
import css from './parts/parts.module.css';
import { countOf, Days } from './quota/days';
import { Shares, Warnings } from './quota/shares';

const AGAIN_MS = 5000;

export default function QuotaPage() {
  const [{ days }] = useAddress();
  const count = countOf(days);
  const use = useQuery({
    ...question('GET /api/users/profile/quota', { query: { days: count } }),
    refetchInterval: AGAIN_MS,
  });
  return (
    <Settings title="Quota and use">
      <Answered query={use} what="The use">
        {(use) => (
          <>
            <Warnings use={use} />
            <Section title="Use">
              <Shares use={use} />
              <p className={css.quiet}>The operator of the server sets the limits.</p>
            </Section>
            <Days days={use.days} count={count} />
          </>
        )}
      </Answered>
    </Settings>
  );
}
