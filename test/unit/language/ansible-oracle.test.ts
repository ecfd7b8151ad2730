import { expect } from 'chai'
import {
  compileTemplate,
  DiagnosticError,
  defaultEnvironment,
  parseYaml,
  type Scope,
  str,
  toVariables,
  UndefinedVariableError,
} from '../../../core/language/index.ts'
import { askPython } from './oracle/oracle.ts'

/** Variables made of variables, as Ansible resolves them; the same text is JSON for Python and YAML for us. */
const variables = `{
  "n": 5, "name": "kvm1", "list": [1, 2], "flag": true, "nothing": null, "text": "a b",
  "fqdn": "{{ name }}.example.org", "deep": "{{ fqdn | upper }}", "url": "http://{{ fqdn }}:{{ n }}",
  "broken": "{{ nosuch }}", "half": "x{{ nosuch }}", "viabroken": "{{ broken }}",
  "hosts": ["{{ name }}", "{{ name }}b"], "cfg": {"ip": "10.0.0.{{ n }}", "inner": {"who": "{{ name }}"}},
  "block": "{% for i in list %}\\n{{ i }}\\n{% endfor %}\\n", "lines": "one\\ntwo\\n"
}`

const sources = [
  '{{ fqdn }}',
  '{{ deep }}',
  '{{ url }}',
  '{{ hosts[1] }}',
  '{{ hosts | join(",") }}',
  '{{ cfg.ip }} {{ cfg["inner"].who }}',
  '{{ cfg }}',
  '{{ hosts }}',
  '{{ block }}',
  'a\n{{ n }}\n\n',
  '{{ lines }}',
  '{{ lines }}\n',
  '{% if flag %}\nx\n{% endif %}\n',
  '{% if flag %}\nx\n{% endif %}\n\n\n',
  '{% if not flag %}\nx\n{% endif %}\n',
  '  {% if flag %}\n  x\n  {% endif %}\ny',
  '{{ broken }}',
  '{{ half }}',
  '{{ viabroken }}',
  '{{ broken is defined }}',
  '{{ half is defined }}',
  '{{ viabroken is defined }}',
  '{{ broken | default("d") }}',
  '{{ viabroken | default("d") }}',
  '{{ nosuch.a.b | default("d") }}',
  '{{ nosuch.a.b is defined }}',
  '{{ cfg.nosuch.x is defined }}',
  '{{ cfg.nosuch.x }}',
  '{{ n }}{{ nothing }}x',
  '{{ "a" if n > 9 }}|',
  '{{ [nosuch] }}',
  '{{ list + [n] }}',
  '{{ n == 5 and flag }}',
  '{{ lookup("vars", "fqdn") }}',
  '{{ text.split() }}',
  '{% set x = n %}{{ x + 1 }}',
  '{# c #}x',
  '{{ n',
  '{% if %}',
  '{{ range(3) | list }}',
  '{{ dict(a=1) }}',
  '{{ "{{" }} n',
]

function ours(source: string, scope: Scope): { text: string } | { error: string } {
  try {
    return { text: str(compileTemplate(source, { file: 'x', line: 1, column: 1 }).evaluate({ ...scope })) }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return { error: error instanceof UndefinedVariableError ? 'undefined' : 'other' }
  }
}

describe('templates against ansible-core', () => {
  it('have the same results', () => {
    const input = `{"vars": ${variables}, "sources": ${JSON.stringify(sources)}}`
    const theirs = JSON.parse(askPython('templar.py', input, 'ansible-core')) as unknown[]
    const values = toVariables(parseYaml(variables, 'vars.json').root)
    const scope = { get: (n: string) => values.get(n), names: () => values.keys(), environment: defaultEnvironment() }
    const answers = sources.map((source) => ({ source, answer: ours(source, scope) }))
    expect(answers).to.deep.equal(sources.map((source, i) => ({ source, answer: theirs[i] })))
  }).timeout(20_000)
})
