"""Logs through the OpenTelemetry SDK: `otel.py TAG`; its environment says where to, and as whom."""

import logging
import sys
import warnings

warnings.simplefilter("ignore")

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider

(tag,) = sys.argv[1:]
provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(provider)
logger = logging.getLogger("shop.basket")
logger.propagate = False
logger.addHandler(LoggingHandler(level=logging.INFO, logger_provider=provider))
logger.setLevel(logging.INFO)
tracer = TracerProvider().get_tracer("shop")
with tracer.start_as_current_span("checkout") as span:
    context = span.get_span_context()
    for number in range(1, 101):
        logger.error("number=%d of %s", number, tag, extra={"basket.size": number, "paid": True, "sum": 1.5})
provider.shutdown()
print('{"trace_id": "%s", "span_id": "%s"}' % (trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)))
