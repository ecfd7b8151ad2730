"""Evaluates expressions and templates with Debian's jinja2, as Ansible sets it up. JSON in, JSON out."""
import json
import sys

import jinja2


class Missing(jinja2.StrictUndefined):
    """What lies beyond an undefined value is undefined too, as in Ansible."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self


def fail_on_undefined(value):
    """A result with something undefined in it is an error, as in Ansible."""
    if isinstance(value, Missing):
        raise jinja2.UndefinedError("undefined")
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for item in value:
        fail_on_undefined(item)


request = json.load(sys.stdin)
env = jinja2.Environment(
    undefined=Missing,
    trim_blocks=True,
    finalize=lambda v: "" if v is None else v,
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    loader=jinja2.DictLoader(request.get("files", {})),
)
answers = []
for case in request["cases"]:
    variables = json.loads(json.dumps(request["vars"]))
    try:
        if case["kind"] == "expression":
            value = env.compile_expression(case["source"], undefined_to_none=False)(**variables)
            fail_on_undefined(value)
            if isinstance(value, range):
                value = list(value)
            answers.append({"repr": repr(value)})
        else:
            source = case["source"]
            text = env.from_string(source).render(**variables)
            wanted = len(source) - len(source.rstrip("\n"))
            have = len(text) - len(text.rstrip("\n"))
            answers.append({"repr": repr(text + "\n" * max(0, wanted - have))})
    except jinja2.UndefinedError as e:
        answers.append({"error": "undefined", "text": str(e)})
    except jinja2.TemplateSyntaxError as e:
        answers.append({"error": "syntax", "text": str(e)})
    except Exception as e:
        answers.append({"error": "other", "text": type(e).__name__ + ": " + str(e)})
json.dump(answers, sys.stdout)
