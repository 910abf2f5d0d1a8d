/** Sends documents with @elastic/elasticsearch: `node elastic.mjs URL KEY TAG`; prints what became of each. */
import { Client } from '@elastic/elasticsearch';

const [url, key, tag] = process.argv.slice(2);
const client = new Client({ node: url, auth: { apiKey: { id: 'antler', api_key: key } } });
const index = 'logs-nginx-pt';
const of = (number) => ({ message: `number=${number} of ${tag}`, level: 'error', service: tag });
const create = { create: { _index: index } };
// A document has to be an object.
const raw = await client.bulk({ operations: [create, of(1), create, ['not an object'], create, of(3)] });
const helped = await client.helpers.bulk({
  datasource: Array.from({ length: 97 }, (_, at) => of(at + 4)),
  onDocument: () => create,
});
const anHourAgo = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z/, '.123Z');
const one = await client.index({
  index: 'filebeat-7.17.29-2026.11.23',
  document: { '@timestamp': anHourAgo, ...of(101), level: 'warning' },
});
console.log(
  JSON.stringify({
    errors: raw.errors,
    items: raw.items.map((item) => item.create.status),
    reason: raw.items[1].create.error,
    bulk: [helped.successful, helped.failed],
    index: one.result,
    index_id: one._id,
    timestamp: anHourAgo,
  }),
);
