"""Reads YAML documents with PyYAML's safe loader. JSON list of texts in, JSON list of reprs or errors out."""
import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Dates stay the text that was written."""


for tag in ("timestamp", "value"):
    Loader.add_constructor("tag:yaml.org,2002:" + tag, lambda loader, node: loader.construct_scalar(node))

answers = []
for text in json.load(sys.stdin):
    try:
        answers.append(repr(yaml.load(text, Loader)))
    except Exception as e:
        answers.append("error: " + type(e).__name__)
json.dump(answers, sys.stdout)
