import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import * as python from '../../../../core/language/python/index.ts'
import { Float, Tuple, type Value } from '../../../../core/language/values.ts'

const oracle = `
import json, operator, sys
ops = {'add': operator.add, 'sub': operator.sub, 'mul': operator.mul, 'div': operator.truediv, 'floordiv': operator.floordiv,
       'mod': operator.mod, 'eq': operator.eq, 'lt': operator.lt, 'ge': operator.ge, 'in': lambda a, b: b in a}
def run(name, args):
    try:
        if name == 'slice': value = args[0][slice(*args[1:])]
        elif name == 'str': value = str(args[0])
        elif name == 'repr': value = args[0]
        elif name == 'format': value = format(*args)
        elif name == 'round': value = round(*args)
        else: value = ops[name](*args)
        return 'complex' if isinstance(value, complex) else repr(value)
    except Exception as e:
        return type(e).__name__
sys.set_int_max_str_digits(0)
json.dump([run(n, eval(a)) for n, a in json.load(sys.stdin)], sys.stdout)
`

interface Call {
  readonly name: string
  readonly args: readonly Value[]
}

const ints = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }).map((v): Value => python.intValue(v)),
)
const floats = fc
  .oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
  )
  .map((v): Value => python.floatValue(v))
const numbers: fc.Arbitrary<Value> = fc.oneof(ints, floats, fc.boolean())
/** First and last code points of what this machine's Python takes for unassigned: its Unicode is another year's than Node's. */
const unassigned: [number, number][] = JSON.parse(
  spawnSync('/usr/bin/python3', [
    '-c',
    `
import json, unicodedata
ranges = []
for i in range(0x110000):
    if unicodedata.category(chr(i)) == 'Cn':
        if ranges and ranges[-1][1] == i - 1: ranges[-1][1] = i
        else: ranges.append([i, i])
print(json.dumps(ranges))`,
  ]).stdout.toString(),
)
const isKnownToBoth = (text: string): boolean =>
  [...text].every((char) => {
    const point = char.codePointAt(0)!
    return unassigned.some(([first, last]) => point >= first && point <= last) === /\p{Cn}/u.test(char)
  })
const texts: fc.Arbitrary<Value> = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 5 }).filter(isKnownToBoth),
)
const scalars: fc.Arbitrary<Value> = fc.oneof(numbers, texts, fc.constant(null))
const containers: fc.Arbitrary<Value> = fc.oneof(
  fc.array(scalars, { maxLength: 4 }),
  fc.array(scalars, { maxLength: 4 }).map((items): Value => new Tuple(items)),
  fc
    .array(fc.tuple(fc.oneof(fc.string({ maxLength: 3 }), fc.integer()), scalars), { maxLength: 3 })
    .map((e): Value => new Map(e)),
)
const any: fc.Arbitrary<Value> = fc.oneof(scalars, containers)
const bound = fc.option(fc.integer({ min: -6, max: 6 }))
const spec = fc
  .tuple(
    fc.constantFrom('', '*<', '>', '0=', '^'),
    fc.constantFrom('', '+', ' '),
    fc.constantFrom('', '#'),
    fc.constantFrom('', '0'),
    fc.constantFrom('', '3', '12'),
    fc.constantFrom('', ','),
    fc.constantFrom('', '.0', '.2', '.5'),
    fc.constantFrom('', 'd', 'f', 'e', 'g', 'x', 's', '%'),
  )
  .map((parts) => parts.join(''))

const binary = ['add', 'sub', 'div', 'floordiv', 'mod', 'eq', 'lt', 'ge', 'in']
const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constantFrom(...binary), any, any).map(([name, a, b]): Call => ({ name, args: [a, b] })),
  fc.tuple(fc.constantFrom(...binary, 'mul'), numbers, numbers).map(([name, a, b]): Call => ({ name, args: [a, b] })),
  fc.tuple(containers, fc.integer({ min: -2, max: 3 })).map(([a, n]): Call => ({ name: 'mul', args: [a, n] })),
  any.map((a): Call => ({ name: 'str', args: [a] })),
  any.map((a): Call => ({ name: 'repr', args: [a] })),
  fc.tuple(fc.oneof(texts, containers), bound, bound, bound).map((args): Call => ({ name: 'slice', args })),
  fc.tuple(fc.oneof(ints, floats, texts), spec).map((args): Call => ({ name: 'format', args })),
)

/** The value as Python source; floats that repr cannot write are calls. */
function source(v: Value): string {
  if (v instanceof Float && !Number.isFinite(v.value)) return `float('${python.floatText(v.value)}')`
  if (Array.isArray(v)) return `[${v.map(source).join(', ')}]`
  if (v instanceof Tuple) return `(${v.items.map((x) => `${source(x)}, `).join('')})`
  if (v instanceof Map) return `{${[...v].map(([k, x]) => `${source(k)}: ${source(x)}`).join(', ')}}`
  return typeof v === 'string'
    ? JSON.stringify(v).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : python.repr(v)
}

const operations: Record<string, (...args: Value[]) => Value> = {
  add: python.add,
  sub: python.sub,
  mul: python.mul,
  div: python.div,
  floordiv: python.floordiv,
  mod: python.mod,
  eq: python.equals,
  lt: (a = null, b = null) => python.compare(a, b, '<') < 0,
  ge: (a = null, b = null) => python.compare(a, b, '>=') >= 0,
  in: python.contains,
  str: python.str,
  repr: (a = null) => a,
  slice: python.slice,
  format: (a = null, b = null) => python.formatValue(a, python.str(b)),
} as Record<string, (...args: Value[]) => Value>

function ours({ name, args }: Call): string {
  try {
    return python.repr(operations[name]!(...args))
  } catch (error) {
    if (error instanceof python.PythonError) return error.type
    throw error
  }
}

/** A pair of surrogates is one character to us; Python cannot be given one by escapes. */
function isPlain(v: Value): boolean {
  return !/[\ud800-\udfff]/.test(python.repr(v))
}

describe('operators against Python', () => {
  it('have the same values and the same errors', () => {
    const seed = Date.now()
    const sample = fc.sample(calls, { seed, numRuns: 4000 }).filter((c) => c.args.every(isPlain))
    const input = JSON.stringify(sample.map((c) => [c.name, `[${c.args.map(source).join(', ')}]`]))
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', oracle], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    })
    expect(stderr).to.equal('')
    const theirs = JSON.parse(stdout) as string[]
    const wrong = sample.flatMap((c, i) => {
      const answer = ours(c)
      return answer === theirs[i]
        ? []
        : [{ call: `${c.name} ${c.args.map(source).join(' ; ')}`, ours: answer, theirs: theirs[i] }]
    })
    expect(wrong.slice(0, 15), `seed ${seed}`).to.deep.equal([])
  }).timeout(20_000)
})
