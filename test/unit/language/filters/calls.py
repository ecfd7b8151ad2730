"""Evaluates expressions with ansible-core's filters and tests. JSON in, JSON list of {repr} or {error} out."""
import json
import sys
import types

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined
from jinja2.utils import Namespace


def plain(value):
    if isinstance(value, Undefined):
        raise UndefinedError("undefined")
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, (list, types.GeneratorType, range, set, zip, map)) or type(value).__name__ in (
        "dict_keys", "dict_values", "dict_items", "zip_longest", "product", "permutations", "combinations"):
        return [plain(v) for v in value]
    return value


request = json.load(sys.stdin)
environment = Templar(loader=DataLoader(), variables={}).environment
answers = []
for source in request["sources"]:
    try:
        variables = {"range": range, "dict": dict}
        result = environment.compile_expression(source, undefined_to_none=False)(**variables)
        answers.append({"repr": repr(plain(result))})
    except UndefinedError as error:
        answers.append({"error": "undefined", "text": str(error)})
    except Exception as error:
        answers.append({"error": "other", "text": str(error)[:200]})
json.dump(answers, sys.stdout)
