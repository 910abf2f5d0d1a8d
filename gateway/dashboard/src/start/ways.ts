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
  tcp: { host: string; port: number } | null;
}

export interface Way {
  id: string;
  title: string;
  /** What it does, and what it needs. */
  about: string;
  /** What the text is: where to put it. */
  into: string;
  snippet: string;
}

/** What stands in a snippet as long as there is no key. */
export const NO_KEY = 'YOUR_KEY';

export function waysFor(place: Place, key: string): Way[] {
  const { site, tcp } = place;
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

/** The server closes a connection on which nothing comes. */
const ENDS = 'It ends when nothing was written for ten minutes.';

/** What writes without an end goes over TCP: the key first, then its lines. */
function streams({ host, port }: { host: string; port: number }, key: string): Way[] {
  const into = 'bash';
  const sent = (command: string) => `{ echo '{"token":"${key}"}'; ${command}; } > /dev/tcp/${host}/${port}`;
  return [
    {
      id: 'follow',
      title: 'A growing file',
      about: `New lines of a file as they are written, also after it was rotated. ${ENDS}`,
      into,
      snippet: sent('tail -n 0 -F app.log'),
    },
    {
      id: 'docker',
      title: 'Docker',
      about: `What a container writes. ${ENDS}`,
      into,
      snippet: sent('docker logs -f --since 1m shop 2>&1'),
    },
    {
      id: 'kubernetes',
      title: 'Kubernetes',
      about: `What the pods of a deployment write, from where kubectl runs. ${ENDS}`,
      into,
      snippet: sent('kubectl logs -f --since 1m --all-containers deployment/shop'),
    },
    {
      id: 'journal',
      title: 'systemd',
      about: `The journal of a machine from now on. ${ENDS}`,
      into,
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
