/** Logs through winston to Elasticsearch: `node winston.mjs URL KEY TAG`. */
import { Client } from '@elastic/elasticsearch';
import winston from 'winston';
import { ElasticsearchTransport } from 'winston-elasticsearch';

const [url, key, tag] = process.argv.slice(2);
const client = new Client({ node: url, auth: { apiKey: { id: 'antler', api_key: key } } });
const transport = new ElasticsearchTransport({
  client,
  index: 'logs-winston-pt',
  flushInterval: 100,
  source: tag,
});
const warnings = [];
transport.on('warning', (warning) => warnings.push(String(warning)));
transport.on('error', (error) => warnings.push(String(error)));
const logger = winston.createLogger({ transports: [transport] });
for (let number = 1; number <= 50; number += 1) {
  logger.error(`number=${number} of ${tag}`, { basket: number });
}
process.once('beforeExit', () => console.log(JSON.stringify({ warnings })));
