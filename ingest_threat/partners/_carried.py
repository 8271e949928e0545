"""What a log shipper carries: an item within the event it makes of it. Pure.

CloudEvents and Event Grid put it under `data`, Splunk's HTTP Event Collector under `event`, Logstash, Fluentd
and Fluent Bit under `message` or `log`, mostly as a text of JSON.
"""

from ingest_threat.body import JsonObject, as_json

CARRIERS = ("data", "event", "message", "log", "record", "payload")


def carried(content: JsonObject) -> JsonObject | None:
    """The object that `content` carries; None where it carries none."""
    inner = (as_json(content.get(name)) for name in CARRIERS)
    objects = (each[0] if isinstance(each, list) and len(each) == 1 else each for each in inner)
    return next((each for each in objects if isinstance(each, dict) and each), None)
