"""The ClickHouse side of the bench `peers`: loads lines, asks questions, and says what they cost.

Its argument is a file with a JSON object: `schema` (a file), `inserts` (files of lines), `store` (a folder
to be made), `rounds`, and `questions` (each with `name` and `sql`). It prints one JSON object a line, see `say`.
Invariant: a cost is the CPU time of this whole process, user and system, with all threads of the engine.
It does not judge answers: it prints them with every cell as text.
"""

import json
import resource
import sys

from chdb.session import Session

SETTINGS = {
    "max_memory_usage": 3_000_000_000,
    "type_json_skip_duplicated_paths": 1,
    # Remembers what the same condition found, so a question that is asked again would not be answered again.
    "use_query_condition_cache": 0,
}

INSERT = """
INSERT INTO logs
SELECT fromUnixTimestamp64Nano(nanos, 'UTC'), level, service, host, trace_id, body, attributes
FROM file('{lines}', JSONEachRow,
    'nanos Int64, level String, service String, host String, trace_id String, body String, attributes JSON')
"""

STORED = "SELECT sum(bytes_on_disk), sum(rows), count() FROM system.parts WHERE active AND table = 'logs'"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    # A part has a file for each path of the attributes, and a merge reads all parts at once.
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files_max, files_max))
    session = Session(job["store"])
    for name, value in SETTINGS.items():
        session.query(f"SET {name} = {value}")
    say("version", rows(session, "SELECT version()")[0][0])
    say("inserted", insert(session, job["schema"], job["inserts"]))
    for question in job["questions"]:
        say("asked", ask(session, question, job["rounds"]))
    say("memory_bytes_max", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    session.close()


def insert(session, schema, inserts):
    with open(schema, encoding="utf-8") as file:
        session.query(file.read())
    session.query("SYSTEM STOP MERGES logs")
    before = cpu_seconds()
    for path in inserts:
        session.query(INSERT.format(lines=path.replace("\\", "\\\\").replace("'", "\\'")))
    inserted = cpu_seconds()
    session.query("SYSTEM START MERGES logs")
    # Once is the least that merging can cost; left to itself the engine merges a line more than once.
    session.query("OPTIMIZE TABLE logs FINAL")
    merged = cpu_seconds()
    stored_bytes, lines, parts = rows(session, STORED)[0]
    return {
        "insert_cpu_seconds": inserted - before,
        "merge_cpu_seconds": merged - inserted,
        "stored_bytes": int(stored_bytes),
        "lines": int(lines),
        "parts": int(parts),
    }


def ask(session, question, rounds):
    cpu_ms = []
    for _ in range(rounds):
        before = cpu_seconds()
        answer = rows(session, question["sql"])
        cpu_ms.append((cpu_seconds() - before) * 1e3)
    return {"name": question["name"], "cpu_ms": cpu_ms, "rows": answer}


def rows(session, sql):
    text = session.query(sql, "JSONCompactStringsEachRow").bytes().decode("utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def say(what, value):
    print(json.dumps({what: value}), flush=True)


main()
