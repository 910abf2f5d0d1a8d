/** Logs through the OpenTelemetry SDK for JavaScript, as JSON: `node otel.mjs TAG`; its environment says where to. */
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

const [tag] = process.argv.slice(2);
const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'h1' }));
const exporter = new OTLPLogExporter();
const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
const logger = provider.getLogger('shop.basket');
for (let number = 1; number <= 100; number += 1) {
  logger.emit({
    severityNumber: SeverityNumber.ERROR,
    severityText: 'ERROR',
    body: `number=${number} of ${tag}`,
    attributes: { 'basket.size': number, paid: true, sum: 1.5, nested: { list: [1, 'two'] } },
  });
}
await provider.forceFlush();
await provider.shutdown();
console.log('{}');
