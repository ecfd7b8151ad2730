"""Templates strings with ansible-core's own Templar. JSON in, JSON list of {text} or {error} out."""
import json
import sys

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

request = json.load(sys.stdin)
answers = []
for source in request["sources"]:
    templar = Templar(loader=DataLoader(), variables=json.loads(json.dumps(request["vars"])))
    try:
        answers.append({"text": str(templar.template(source))})
    except AnsibleUndefinedVariable:
        answers.append({"error": "undefined"})
    except (AnsibleError, Exception):
        answers.append({"error": "other"})
json.dump(answers, sys.stdout)
