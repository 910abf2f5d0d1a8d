/**
 * The ways in which lines get here, each as a text to paste.
 *
 * Invariant: a snippet holds nothing but addresses of this server and a key; both are made of signs that no shell and no
 * program reads otherwise. Only what this server takes stands here: each snippet was run against it.
 */

export interface Place {
  /** Of the page, without a slash at its end: `http://127.0.0.1:8000`. */
  site: string;
  /** Where lines are taken over TCP; null if this server does not. */
  tcp: Listener | null;
  /** Where messages of syslog are taken; null if this server does not. */
  syslog: Listener | null;
}

export interface Listener {
  host: string;
  port: number;
}

/** A text, and what it is: where to put it. */
export interface Pasted {
  into: string;
  snippet: string;
}

export interface Way extends Pasted {
  id: string;
  title: string;
  /** What it does, and what it needs. */
  about: string;
  /** The listener that it needs beside the site itself. */
  over?: 'tcp' | 'syslog';
  /** Another text that does the same elsewhere. */
  also?: Pasted;
}

/** What stands in a snippet as long as there is no key. */
export const NO_KEY = 'YOUR_KEY';

export function waysFor(place: Place, key: string): Way[] {
  const { site, tcp, syslog } = place;
  const bulk = `${site}/api/logs/bulk/`;
  return [
    {
      id: 'curl',
      title: 'curl',
      about: 'One line, to see that it works. The answer comes when the line is on stable storage.',
      into: 'A shell',
      snippet: `curl ${site}/api/logs/ \\
  -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' \\
  -d '{"level":"info","service":"shop","message":"hello from curl"}'`,
    },
    {
      id: 'file',
      title: 'A file',
      about: 'Lines of text or a JSON object per line, up to 32 MiB at once; larger files go to Uploads.',
      into: 'A shell',
      snippet: `curl '${bulk}?service=shop' \\
  -H 'Authorization: Bearer ${key}' -H 'Content-Type: text/plain' \\
  --data-binary @app.log`,
    },
    filebeat(site, key),
    ...(syslog ? [rsyslog(syslog, key)] : []),
    openTelemetry(site, key),
    ...(tcp ? streams(tcp, key) : []),
    {
      id: 'python',
      title: 'Python',
      about: PYTHON_ABOUT,
      into: 'antler_logs.py',
      snippet: python(bulk, key),
    },
    { id: 'node', title: 'Node', about: NODE_ABOUT, into: 'antler.mjs', snippet: node(bulk, key) },
  ];
}

/** It goes to port 9200 where none is said. */
function withPort(site: string): string {
  const { protocol, hostname, port, pathname } = new URL(site);
  const usual = protocol === 'https:' ? '443' : '80';
  return `${protocol}//${hostname}:${port || usual}${pathname.replace(/\/$/, '')}`;
}

function filebeat(site: string, key: string): Way {
  return {
    id: 'filebeat',
    title: 'Filebeat',
    about: 'Files as they grow, from where it left off. It sends as it does to Elasticsearch.',
    into: 'filebeat.yml',
    snippet: `filebeat.inputs:
  - type: filestream
    id: shop
    paths:
      - /var/log/shop/*.log

output.elasticsearch:
  hosts: ["${withPort(site)}"]
  api_key: "antler:${key}"
  allow_older_versions: true

setup.ilm.enabled: false
setup.template.enabled: false`,
  };
}

/** The key goes along in each message, where the server takes it out. */
function rsyslog({ host, port }: Listener, key: string): Way {
  return {
    id: 'rsyslog',
    title: 'rsyslog',
    about: 'What a machine logs. It waits on disk while the server is away. The key goes unencrypted.',
    into: '/etc/rsyslog.d/60-antler.conf',
    over: 'syslog',
    snippet: `template(name="antler" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% [antler token=\\"${key}\\"]%STRUCTURED-DATA%%msg:::sp-if-no-1st-sp%%msg%")

action(type="omfwd" target="${bare(host)}" port="${port}" protocol="tcp" TCP_Framing="octet-counted"
  template="antler" action.resumeRetryCount="-1"
  queue.type="LinkedList" queue.filename="antler" queue.maxDiskSpace="1g" queue.saveOnShutdown="on")`,
  };
}

function openTelemetry(site: string, key: string): Way {
  return {
    id: 'opentelemetry',
    title: 'OpenTelemetry',
    about: 'What the SDK of any language, or what instruments a program by itself, reads at its start.',
    into: 'The shell that starts the program',
    snippet: `export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=${site}/v1/logs
export OTEL_EXPORTER_OTLP_LOGS_HEADERS=Authorization=Bearer%20${key}
export OTEL_SERVICE_NAME=shop`,
    also: {
      into: 'Or the exporter of a Collector, for its pipeline of logs',
      snippet: `exporters:
  otlphttp:
    endpoint: ${site}
    headers:
      Authorization: Bearer ${key}`,
    },
  };
}

/** Most programs want an address of IPv6 without the brackets that it has in a URL. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

/** The server closes a connection on which nothing comes. */
const ENDS = 'It ends when nothing was written for ten minutes.';

/** What writes without an end goes over TCP: the key first, then its lines. */
function streams({ host, port }: Listener, key: string): Way[] {
  const into = 'bash';
  const over = 'tcp';
  const sent = (command: string) =>
    `{ echo '{"token":"${key}"}'; ${command}; } > /dev/tcp/${bare(host)}/${port}`;
  return [
    {
      id: 'follow',
      title: 'A growing file',
      about: `New lines of a file as they are written, also after it was rotated. ${ENDS}`,
      into,
      over,
      snippet: sent('tail -n 0 -F app.log'),
    },
    {
      id: 'docker',
      title: 'Docker',
      about: `What a container writes. ${ENDS}`,
      into,
      over,
      snippet: sent('docker logs -f --since 1m shop 2>&1'),
    },
    {
      id: 'kubernetes',
      title: 'Kubernetes',
      about: `What the pods of a deployment write, from where kubectl runs. ${ENDS}`,
      into,
      over,
      snippet: sent('kubectl logs -f --since 1m --all-containers deployment/shop'),
    },
    {
      id: 'journal',
      title: 'systemd',
      about: `The journal of a machine from now on. ${ENDS}`,
      into,
      over,
      snippet: sent('journalctl -f -n 0 -o short-iso'),
    },
  ];
}

const PYTHON_ABOUT =
  'A handler for the standard logging, with nothing to install. It sends from a thread of its own.';

function python(bulk: string, key: string): string {
  return `import atexit, json, logging, logging.handlers, queue, urllib.request

class Antler(logging.Handler):
    def emit(self, record):
        line = {"timestamp": record.created, "level": record.levelname, "service": "shop",
                "logger": record.name, "message": record.getMessage()}
        try:
            urllib.request.urlopen(urllib.request.Request(
                "${bulk}",
                json.dumps(line).encode(),
                {"Content-Type": "application/json",
                 "Authorization": "Bearer ${key}"},
            ), timeout=10).close()
        except OSError:
            self.handleError(record)

lines = queue.Queue(10_000)
sender = logging.handlers.QueueListener(lines, Antler())
sender.start()
atexit.register(sender.stop)
logging.getLogger().addHandler(logging.handlers.QueueHandler(lines))
logging.getLogger().setLevel(logging.INFO)

logging.info("hello from Python")`;
}

const NODE_ABOUT =
  'A function that gathers lines for a second and sends them, with nothing to install. Node 18 or newer.';

function node(bulk: string, key: string): string {
  return `const waiting = [];

export function log(level, message, fields = {}) {
  waiting.push(JSON.stringify({ timestamp: Date.now(), level, service: 'shop', message, ...fields }));
  if (waiting.length === 1) setTimeout(send, 1000);
}

async function send() {
  const body = waiting.splice(0).join('\\n');
  const response = await fetch('${bulk}', {
    method: 'POST',
    headers: { Authorization: 'Bearer ${key}', 'Content-Type': 'application/x-ndjson' },
    body,
  });
  if (!response.ok) console.error('lines were not taken:', await response.text());
}

log('info', 'hello from Node');`;
}
