import { expect } from 'chai'
import { compileTemplate, defaultEnvironment, type Scope, str, typeName } from '../../../../core/language/index.ts'

const scope: Scope = { get: () => undefined, names: () => [], environment: defaultEnvironment() }
const evaluate = (source: string) => compileTemplate(source, { file: 'x.yml', line: 1, column: 1 }).evaluate(scope)

describe('now()', () => {
  const zone = process.env.TZ
  beforeEach(() => {
    process.env.TZ = 'Asia/Kolkata'
  })
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })

  it('is a datetime', () => {
    const value = evaluate('{{ now() }}')
    expect(typeName(value)).to.equal('datetime')
    expect(str(value)).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$/)
  })

  it('is the time of the controller, or of UTC', () => {
    expect(evaluate('{{ ((now() - now(utc=true)).total_seconds() / 60) | round | int }}')).to.equal(330)
    const seconds = Number(evaluate('{{ now().timestamp() }}'))
    expect(Math.abs(seconds - Date.now() / 1000)).to.be.lessThan(5)
  })

  it('is text by a format', () => {
    const utc = new Date().toISOString()
    expect(evaluate("{{ now(true, '%Y-%m-%dT%H') }}")).to.be.oneOf([
      utc.slice(0, 13),
      new Date().toISOString().slice(0, 13),
    ])
    expect(Math.abs(Number(evaluate("{{ now(fmt='%s') }}")) - Date.now() / 1000)).to.be.lessThan(5)
  })

  it('knows no zone, as in Python', () => {
    expect(evaluate("{{ now(fmt='[%z%Z]') }}")).to.equal('[]')
  })

  it('keeps the microseconds of a datetime', () => {
    expect(
      evaluate("{{ ('2024-01-02 03:04:05.678901' | to_datetime('%Y-%m-%d %H:%M:%S.%f')).strftime('%S.%f') }}"),
    ).to.equal('05.678901')
  })
})
