import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  compile,
  compileExpression,
  compileTemplate,
  DiagnosticError,
  defaultEnvironment,
  type Environment,
  evaluateCondition,
  fromJson,
  LazyDict,
  parseYaml,
  resolve,
  resolveAsync,
  type Scope,
  Template,
  templateFile,
  toJson,
  toValue,
  UndefinedVariableError,
  Unknown,
  UnknownValueError,
  type Value,
  variablesOf,
} from '../../../core/language/index.ts'

const at = { file: 'play.yml', line: 10, column: 5 }

function scopeOf(variables: Record<string, Value>, environment: Partial<Environment> = {}): Scope {
  const map = new Map(Object.entries(variables))
  return { get: (n) => map.get(n), names: () => map.keys(), environment: defaultEnvironment(environment) }
}

function template(source: string): Template {
  return new Template(source, at)
}

function dict(entries: Record<string, Value>): Map<string, Value> {
  return new Map(Object.entries(entries))
}

function evaluate(source: string, variables: Record<string, Value> = {}): Value {
  return compileTemplate(source, at).evaluate(scopeOf(variables))
}

/** `code line:column message` of the one diagnostic. */
function mistake(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const [d] = error.diagnostics
    return `${d!.code} ${d!.at?.line}:${d!.at?.column} ${d!.message}`
  }
  throw new Error('no error')
}

describe('native types', () => {
  const cases: [string, Value][] = [
    ['{{ l }}', [1, 2]],
    ['{{ l }}\n', [1, 2]],
    ['{{ n }}', 5],
    ['{{ n }} ', '5 '],
    ['{{ n }}{{ n }}', '55'],
    ['{{ none }}', null],
    ['a{{ none }}', 'a'],
    ['{{ "5" }}', '5'],
    ['{{ "[1, 2]" }}', '[1, 2]'],
    ['{% if true %}{{ n }}{% endif %}', 5],
    ['{% if false %}x{% endif %}', ''],
    ['{{ n > 3 }}', true],
    ['plain', 'plain'],
    ['{{ l + [3] }}', [1, 2, 3]],
    ['{{ "x" if false }}', ''],
    ['x\n\n', 'x\n\n'],
    ['{% if true %}\nx{% endif %}\n', 'x\n'],
  ]
  for (const [source, expected] of cases) {
    it(JSON.stringify(source), () => expect(evaluate(source, { l: [1, 2], n: 5 })).to.deep.equal(expected))
  }

  it('a file is always text', () => {
    expect(templateFile('{{ n }}', 'x.j2').evaluate(scopeOf({ n: 5 }))).to.equal('5')
    expect(templateFile('{% if true %}\nx\n{% endif %}\n', 'x.j2').evaluate(scopeOf({}))).to.equal('x\n')
  })

  it('a file says its options in its first line', () => {
    const text = '#jinja2: trim_blocks: False, lstrip_blocks: True\n  {% if true %}\nx\n  {% endif %}\n'
    expect(templateFile(text, 'x.j2').evaluate(scopeOf({}))).to.equal('\nx\n')
    expect(mistake(() => templateFile('#jinja2: variable_start_string: "[["\n', 'x.j2'))).to.match(
      /^template-header 1:1/,
    )
    expect(mistake(() => templateFile('#jinja2: trim_blocks: no\n\n{{ a b }}', 'x.j2'))).to.match(
      /^template-syntax 3:6/,
    )
  })
})

describe('positions', () => {
  const broken: [string, string][] = [
    ['{{ a.b }}', "undefined-variable 10:8 'a' is undefined"],
    ['x\n  {{ 1 + "a" }}', 'template-type 11:8 '],
    ['{% if x %}', 'template-syntax 10:8 {% if %} is not closed'],
    ['a\n{{ 1 + }}', 'template-syntax 11:8 '],
    ['{{ x | nosuch }}', 'unknown-filter 10:12 '],
    ['{{ x is nosuch }}', 'unknown-test 10:13 '],
    ['{{ lookup("nosuch") }}', 'unknown-lookup 10:'],
    ["{{ 'abc }}", 'template-syntax 10:8 the string is not closed'],
    ['{{ 1 / 0 }}', 'template-zerodivision 10:10 division by zero'],
  ]
  for (const [source, expected] of broken) {
    it(source, () => {
      expect(
        mistake(() => evaluate(source, { x: 1 })).startsWith(expected),
        mistake(() => evaluate(source, { x: 1 })),
      ).to.equal(true)
    })
  }

  const documents: [string, string][] = [
    ['a: "{{ nope }}"\n', '1:8'],
    ['a: x {{ nope }}\n', '1:9'],
    ['a: |\n    one\n    {{ nope }}\n', '3:8'],
    ['a: >-\n  one\n\n  two {{ nope }}\n', '4:10'],
    ['a: one\n  two {{ nope }}\n', '2:10'],
    ['a: "one\n\n   {{ nope }}"\n', '3:7'],
    ["- 'it''s {{ nope }}'\n", '1:13'],
    ['a: "\\t\\"x\\u263a {{ nope }}"\n', '1:20'],
    ['a: |\n  {% if x %}\n  y\n  {% endif %}\n  {{ nope }}\n', '5:6'],
  ]
  for (const [text, place] of documents) {
    it(`of ${JSON.stringify(text)} in its file`, () => {
      const found = toValue(parseYaml(text, 'f.yml').root!)
      expect(mistake(() => resolve(found, scopeOf({ x: true })))).to.match(new RegExp(`^undefined-variable ${place} `))
    })
  }

  it('are those of the file a macro or an included template stands in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'virtfleet-template-'))
    try {
      writeFileSync(join(folder, 'm.j2'), '{% macro m() %}\n  {{ nope }}{% endmacro %}')
      const scope = scopeOf({}, { folders: [folder] })
      const run = () => compileTemplate("{% from 'm.j2' import m %}{{ m() }}", at).evaluate(scope)
      expect(run).to.throw(UndefinedVariableError)
      expect(mistake(run)).to.match(/^undefined-variable 2:6 'nope' is undefined/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('undefined', () => {
  it('names what is meant', () => {
    const hv = dict({ address: '10.0.0.1' })
    expect(mistake(() => evaluate('{{ hv.addres }}', { hv }))).to.contain(
      "'hv.addres' is undefined, did you mean 'address'?",
    )
    expect(mistake(() => evaluate("{{ hv['addres'].x }}", { hv }))).to.contain(
      "'hv['addres']' is undefined, did you mean 'address'?",
    )
    expect(mistake(() => evaluate('{{ adress }}', { address: 1 }))).to.contain(
      "'adress' is undefined, did you mean 'address'?",
    )
    expect(mistake(() => evaluate('{{ l[5] }}', { l: [1] }))).to.contain("'l[5]' is undefined: the list has 1 item")
  })

  it('spreads through variables, and says which', () => {
    const variables = { foo: template('{{ bar }}'), x: template('{{ foo }}') }
    expect(evaluate('{{ foo is defined }}', variables)).to.equal(false)
    expect(evaluate('{{ x | default("d") }}', variables)).to.equal('d')
    expect(mistake(() => evaluate('{{ x }}', variables))).to.contain(
      "'bar' is undefined (read by 'foo' at play.yml:10:8)",
    )
  })
})

describe('laziness', () => {
  const broken = template('{{ nope }}')

  it('an unused broken variable does no harm', () => {
    expect(evaluate('{{ d.a }}', { d: dict({ a: 1, b: broken }), other: broken })).to.equal(1)
    expect(evaluate('{{ vars.a }}', { a: template('{{ 1 + 1 }}'), other: broken })).to.equal(2)
    expect(evaluate('{% for x in l %}{{ loop.index }}{% endfor %}', { l: [1, 2] })).to.equal('12')
  })

  it('templates in containers are resolved wherever they are read', () => {
    const d = dict({ a: template('{{ n }}'), l: [template('{{ n + 1 }}')] })
    for (const [source, expected] of [
      ['{{ d.a }}', 5],
      ["{{ d['a'] }}", 5],
      ["{{ d.get('a') }}", 5],
      ['{{ d.l[0] }}', 6],
      ['{{ d.l.index(6) }}', 0],
      ['{% for x in d.l %}{{ x }}{% endfor %}', 6],
      ['{% for k, v in d.items() %}{{ v }} {% endfor %}', '5 [6] '],
      ['{{ 6 in d.l }}', true],
      ['{{ d.l + [7] }}', [6, 7]],
      ['{{ [d.l] }}', [[6]]],
      ['{{ d.l == [6] }}', true],
      ['{% set x = d %}{{ x.l[0] }}', 6],
      ['{{ d }} ', "{'a': 5, 'l': [6]} "],
    ] as [string, Value][]) {
      const result = evaluate(source, { d, n: 5 })
      expect(
        typeof expected === 'number' && typeof result === 'string' ? Number(result) : result,
        source,
      ).to.deep.equal(expected)
    }
  })

  it('a template is evaluated once in a scope', () => {
    let calls = 0
    const lookups = new Map([['count', () => [++calls]]])
    const scope = scopeOf({ a: template('{{ lookup("count") }}') }, { lookups })
    const read = compileTemplate('{{ a }}-{{ a }}', at)
    expect(read.evaluate(scope)).to.equal('1-1')
    expect(read.evaluate(scope)).to.equal('1-1')
    expect(read.evaluate({ ...scope })).to.equal('2-2')
  })

  it('a cycle is reported with its members', () => {
    const variables = { a: template('{{ b }}'), b: template('x{{ c }}'), c: template('{{ a }}') }
    expect(mistake(() => evaluate('{{ a }}', variables))).to.contain('a variable is made of itself: a → b → c → a')
  })

  it("another host's variables are resolved in that host's scope", () => {
    const other = scopeOf({ ip: template('{{ net }}.7'), net: '10.0.0' })
    const hostvars = dict({ kvm2: variablesOf(other) })
    expect(evaluate("{{ hostvars['kvm2'].ip }} {{ hostvars.kvm2['net'] }}", { hostvars, net: '192.168.1' })).to.equal(
      '10.0.0.7 10.0.0',
    )
  })

  it('lazy dicts are asked only for what is read', () => {
    const asked: unknown[] = []
    class Hosts extends LazyDict {
      protected override load(key: unknown): Value | undefined {
        asked.push(key)
        return key === 'a' ? dict({ x: 1 }) : undefined
      }
      protected override list() {
        return ['a', 'b']
      }
    }
    expect(evaluate('{{ hostvars.a.x }}', { hostvars: new Hosts() })).to.equal(1)
    expect(asked).to.deep.equal(['a'])
    expect(
      evaluate("{{ 'b' in hostvars }}{% for h in hostvars %}{{ h }}{% endfor %}", { hostvars: new Hosts() }),
    ).to.equal('Trueab')
    expect(asked).to.deep.equal(['a'])
  })
})

describe('data stays data', () => {
  it('text that came from a host is never templated', () => {
    const stdout = '{{ 1 + 1 }}'
    expect(evaluate('{{ r.stdout }}', { r: dict({ stdout }) })).to.equal(stdout)
    expect(evaluate('{{ r }}!', { r: stdout })).to.equal(`${stdout}!`)
    expect(evaluate("{{ '{{' ~ ' 1 }}' }}")).to.equal('{{ 1 }}')
    expect(resolve(fromJson({ a: stdout }), scopeOf({}))).to.deep.equal(dict({ a: stdout }))
  })

  it('methods that write to a variable write to a copy', () => {
    const l = [1]
    expect(evaluate('{% do l.append(2) %}{{ l }}', { l })).to.deep.equal([1, 2])
    expect(l).to.deep.equal([1])
  })
})

describe('unknown values', () => {
  const result = dict({ stdout: new Unknown('install', 'r.stdout'), changed: true })

  it('raise with the task, wherever they are read', () => {
    for (const source of [
      '{{ r.stdout }}',
      '{{ r.stdout is defined }}',
      '{{ r.stdout | default("x") }}',
      '{{ r.stdout.x }}',
      '{{ x }}',
    ]) {
      expect(() => evaluate(source, { r: result, x: template('{{ r.stdout }}') }), source).to.throw(
        UnknownValueError,
        "task 'install'",
      )
    }
    expect(evaluate('{{ r.changed }}', { r: result })).to.equal(true)
    expect(() => toJson(result)).to.throw(UnknownValueError)
  })
})

describe('lookups that answer later', () => {
  const later = (values: readonly Value[]) => new Promise<Value[]>((done) => setTimeout(() => done([...values]), 1))

  it('are waited for, each answer asked for once', async () => {
    const asked: Value[] = []
    const lookups = new Map([
      [
        'echo',
        (terms: readonly Value[]) => {
          asked.push(...terms)
          return later(terms)
        },
      ],
    ])
    const scope = scopeOf(
      { a: template('{{ lookup("echo", "A") }}'), b: template('{{ lookup("echo", "B") }}{{ a }}') },
      { lookups },
    )
    const source = '{{ a }}{{ b }}{% for x in ["1", "2"] %}{{ lookup("echo", x) }}{% endfor %}{{ query("echo", "q") }}'
    expect(await compileTemplate(source, at).evaluateAsync(scope)).to.equal("ABA12['q']")
    expect(asked).to.deep.equal(['A', 'B', '1', '2', 'q'])
    expect(await resolveAsync(dict({ k: template('{{ lookup("echo", "z") }}') }), scope)).to.deep.equal(
      dict({ k: 'z' }),
    )
  })

  it('keep equal texts in different variables and scopes apart', async () => {
    let n = 0
    const lookups = new Map([['count', () => later([++n])]])
    const environment = { lookups }
    const other = scopeOf({ x: template('{{ lookup("count") }}') }, environment)
    const scope = scopeOf(
      { x: template('{{ lookup("count") }}'), y: template('{{ lookup("count") }}'), h: variablesOf(other) },
      environment,
    )
    expect(await compileTemplate('{{ x }} {{ y }} {{ h.x }} {{ x }}', at).evaluateAsync(scope)).to.equal('1 2 3 1')
  })

  it('fail with their place, and only as errors= says', async () => {
    const lookups = new Map([
      ['bad', () => Promise.reject(new DiagnosticError([{ severity: 'error', code: 'x', message: 'no such file' }]))],
    ])
    const scope = scopeOf({}, { lookups })
    let caught: unknown
    await compileTemplate('{{ lookup("bad") }}', at)
      .evaluateAsync(scope)
      .catch((e: unknown) => {
        caught = e
      })
    expect(caught).to.be.instanceOf(DiagnosticError)
    expect((caught as DiagnosticError).diagnostics[0]!.at?.line).to.equal(10)
    expect(await compileTemplate('{{ lookup("bad", errors="ignore") }}', at).evaluateAsync(scope)).to.equal(null)
    expect(await compileTemplate('{{ query("bad", errors="ignore") }}', at).evaluateAsync(scope)).to.deep.equal([])
  })

  it('cannot be waited for where there is no waiting', () => {
    const lookups = new Map([['slow', () => later([])]])
    expect(mistake(() => compileTemplate('{{ lookup("slow") }}', at).evaluate(scopeOf({}, { lookups })))).to.match(
      /^lookup-waits 10:/,
    )
  })

  it('end when the run is aborted', async () => {
    const controller = new AbortController()
    const lookups = new Map([['never', () => new Promise<Value[]>(() => {})]])
    const scope = scopeOf({}, { lookups, signal: controller.signal })
    const waiting = compileTemplate('{{ lookup("never") }}', at).evaluateAsync(scope)
    setTimeout(() => controller.abort(new Error('interrupted')), 1)
    let caught: unknown
    await waiting.catch((e: unknown) => {
      caught = e
    })
    expect(String(caught)).to.contain('interrupted')
  })

  it('join their answers as Ansible does', () => {
    const lookups = new Map([['give', (terms: readonly Value[]) => [...terms]]])
    const run = (source: string) => compileTemplate(source, at).evaluate(scopeOf({}, { lookups }))
    expect(run('{{ lookup("give", "a", "b") }}')).to.equal('a,b')
    expect(run('{{ lookup("ansible.builtin.give", 1) }}')).to.equal(1)
    expect(run('{{ lookup("give", 1, 2) }}')).to.deep.equal([1, 2])
    expect(run('{{ lookup("give", "a", wantlist=true) }}')).to.deep.equal(['a'])
    expect(run('{{ lookup("give") }}')).to.deep.equal([])
    expect(run('{{ q("give", "a") }}')).to.deep.equal(['a'])
  })
})

describe('bounds', () => {
  const cases: [string, RegExp][] = [
    ['{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}', /loop rounds/],
    ["{% set x = 'x' * 1000000 %}{% for a in range(100) %}{{ x }}{% endfor %}", /characters of output/],
    ['{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', /nested/],
    ['{{ range(100000000) }}', /range\(\)/],
    ["{{ 'x' * 1000000000 }}", /./],
    ['{{ 9 ** (9 ** (9 ** 9)) }}', /./],
    [`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`, /nested too deep/],
    [`{{ ${'not '.repeat(50000)}1 }}`, /nested too deep/],
    [`{{ ${'1+'.repeat(100000)}1 }}`, /nested too deep/],
    ['{% if 1 %}'.repeat(5000), /nested too deep/],
  ]
  for (const [source, expected] of cases) {
    it(source.slice(0, 60), () => expect(mistake(() => evaluate(source))).to.match(expected))
  }
})

describe('sandbox', () => {
  const names = [
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'hasOwnProperty',
    'call',
    'apply',
    'bind',
    'size',
    '__class__',
  ]
  const values = [
    "''",
    '[]',
    '{}',
    '1',
    'range',
    'namespace()',
    'cycler(1)',
    'loop',
    'd',
    '(1,)',
    'none',
    'true',
    'lookup',
  ]
  for (const name of names) {
    it(`no value has ${name}`, () => {
      for (const v of values) {
        const [open, close] = v === 'loop' ? ['{% for x in [1] %}', '{% endfor %}'] : ['', '']
        expect(evaluate(`${open}{{ ${v}.${name} is undefined }}${close}`, { d: new Map() }), v).to.equal(true)
        expect(evaluate(`${open}{{ ${v}['${name}'] is undefined }}${close}`, { d: new Map() }), v).to.equal(true)
      }
    })
  }

  it('templates stay in their folders', () => {
    const scope = scopeOf({}, { folders: [tmpdir()] })
    for (const path of ['../etc/passwd', '/etc/passwd', 'x/../../etc/passwd']) {
      expect(mistake(() => compileTemplate(`{% include '${path}' %}`, at).evaluate(scope))).to.contain('was not found')
    }
  })
})

describe('conditions', () => {
  const cases: [string, boolean][] = [
    ['x', true],
    ['not x', false],
    ['[]', false],
    ["''", false],
    ["'false'", true],
    ['{{ x }}', true],
    ['none', false],
    ['0.0', false],
  ]
  for (const [source, expected] of cases) {
    it(`${source} is ${expected}`, () =>
      expect(evaluateCondition(compileExpression(source, at), scopeOf({ x: 1 }))).to.equal(expected))
  }

  it('warn of braces around the whole, refuse them inside', () => {
    expect(compileExpression('{{ x }}', at).notes.map((n) => n.code)).to.deep.equal(['condition-braces'])
    expect(compileExpression('x', at).notes).to.deep.equal([])
    expect(mistake(() => compileExpression("x == '{{ y }}' or {{ z }}", at))).to.match(/^condition-braces 10:5/)
    expect(mistake(() => evaluateCondition(compileExpression('{{ nope }}', at), scopeOf({})))).to.match(
      /^undefined-variable 10:8/,
    )
  })

  it('are about what is there', () => {
    expect(mistake(() => evaluateCondition(compileExpression('a and nope.x', at), scopeOf({ a: 1 })))).to.match(
      /^undefined-variable 10:11/,
    )
  })
})

describe('analysis', () => {
  function names(source: string): string[] {
    return compileTemplate(source, at).names.map((n) => n.name + (n.guarded ? '?' : ''))
  }

  const cases: [string, string[]][] = [
    ['{{ a.b[c] }}', ['a', 'c']],
    ['{{ a | default(b) }}', ['a?', 'b']],
    ['{{ a is defined and a.b }}', ['a?', 'a?']],
    ['{% for x in xs if x > y %}{{ x }}{{ loop.index }}{{ z }}{% endfor %}', ['xs', 'y?', 'z?']],
    ['{% set a = b %}{{ a }}', ['b']],
    ['{% macro m(p, q=d) %}{{ p }}{{ q }}{{ o }}{% endmacro %}{{ m(e) }}', ['d?', 'o?', 'e']],
    ['{% if a %}{{ b }}{% else %}{{ c }}{% endif %}', ['a', 'b?', 'c?']],
    ['{{ x if y else z }}', ['y', 'x?', 'z?']],
    ["{{ lookup('file', p) }}", ['p']],
    ['{% with a = b %}{{ a }}{% endwith %}{{ a }}', ['b', 'a']],
    ['{{ {"k": v, w: [u]} }}', ['v', 'w', 'u']],
  ]
  for (const [source, expected] of cases) {
    it(source, () => expect(names(source)).to.deep.equal(expected))
  }

  it('lists filters, tests and lookups with their places', () => {
    const { uses } = compileTemplate(
      "{{ a | upper | f(b is odd) }}{{ query('file', 'x') }}{% filter g %}{% endfilter %}",
      at,
    )
    expect(uses.filters.map((u) => `${u.name} ${u.at.column}`)).to.deep.equal(['f 20', 'upper 12', 'g 68'])
    expect(uses.tests.map((u) => u.name)).to.deep.equal(['odd'])
    expect(uses.lookups.map((u) => u.name)).to.deep.equal(['file'])
  })
})

describe('json', () => {
  it('goes there and back', () => {
    const json = { a: [1, 2.5, 'x', null, true], b: { c: [] } }
    expect(toJson(fromJson(json))).to.deep.equal(json)
  })

  it('writes what JSON has not as text', () => {
    expect(toJson(12345678901234567890n)).to.equal('12345678901234567890')
    expect(
      toJson(
        new Map<string | number | boolean | null, Value>([
          [1, 'a'],
          [true, 'b'],
          [null, 'c'],
        ]),
      ),
    ).to.deep.equal({ 1: 'a', true: 'b', null: 'c' })
    expect(Object.keys(toJson(new Map([['__proto__', 1]])) as object)).to.deep.equal(['__proto__'])
  })
})

describe('compile', () => {
  it('keeps the place of a template', () => {
    expect(compile(template('{{ a }}')).at).to.deep.equal(at)
  })
})
