"""Sends documents with elasticsearch-py or opensearch-py: `elastic.py LIBRARY URL KEY TAG`; prints what became of each."""

import datetime
import importlib
import json
import sys

library, url, key, tag = sys.argv[1:]
module = importlib.import_module(library)
helpers = importlib.import_module(f"{library}.helpers")
if library == "elasticsearch":
    client = module.Elasticsearch(url, api_key=("antler", key))
else:
    client = module.OpenSearch(url, headers={"Authorization": f"Bearer {key}"})

index = "logs-nginx-pt"
actions = [
    {"_op_type": "create", "_index": index, "message": f"number={number} of {tag}", "level": "error", "service": tag}
    for number in range(1, 101)
]
# A document has to be an object.
lines = []
for action in actions[:3]:
    document = {name: value for name, value in action.items() if not name.startswith("_")}
    lines += [{"create": {"_index": index}}, document]
lines[3] = ["not an object"]
name = "operations" if library == "elasticsearch" else "body"
raw = client.bulk(**{name: lines})
helped, errors = helpers.bulk(client, actions[3:], chunk_size=40)
now = datetime.datetime.now(datetime.timezone.utc)
an_hour_ago = (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.123Z")
one = client.index(index="filebeat-7.17.29-2026.11.23", **{
    "document" if library == "elasticsearch" else "body": {
        "@timestamp": an_hour_ago, "message": f"number=101 of {tag}", "level": "warning", "service": tag,
    }
})
print(json.dumps({
    "errors": raw["errors"],
    "items": [item["create"]["status"] for item in raw["items"]],
    "reason": raw["items"][1]["create"].get("error"),
    "bulk": [helped, errors],
    "index": one["result"],
    "index_id": one["_id"],
    "timestamp": an_hour_ago,
}))
