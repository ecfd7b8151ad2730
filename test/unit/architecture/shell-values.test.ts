import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import ts from 'typescript'

const root = join(import.meta.dirname, '../../..')

/** Numbers and constants of ours, which may stand between quotes. */
const ALLOWED = new Set([
  "modules/libvirt/image/probe.ts: sh.raw(algorithm ?? '')",
  'modules/libvirt/vms/disks.ts: index',
  'modules/network/bridge/guard.ts: change.activationSeconds + SETTLE_SLACK',
  'modules/network/firewall/nftables/script.ts: CHECKED',
  'modules/system/wait_for.ts: port',
])

/** Whether what comes behind this shell text is between quotes, where quoting a value does not protect it. */
function quoted(text: string): boolean {
  const inside: string[] = []
  for (let i = 0; i < text.length; i++) {
    const [at, c] = [inside.at(-1), text[i]!]
    if (at === "'") {
      if (c === "'") inside.pop()
    } else if (c === '\\') i++
    else if (c === '"' && at === '"') inside.pop()
    else if (c === '"') inside.push('"')
    else if (c === '$' && text[i + 1] === '(') inside.push(text[i++]!)
    else if (at === '"') continue
    else if (c === "'") inside.push("'")
    else if (c === '#' && /^$|[\s;]/.test(text[i - 1] ?? '')) i = (text.indexOf('\n', i) + 1 || text.length + 1) - 1
    else if (c === '(') inside.push('(')
    else if (c === ')' && (at === '$' || at === '(')) inside.pop()
  }
  return inside.at(-1) === '"' || inside.at(-1) === "'"
}

function violations(file: string): string[] {
  const found: string[] = []
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'sh' && ts.isTemplateExpression(node.template)) {
      let text = node.template.head.text
      for (const span of node.template.templateSpans) {
        if (quoted(text)) found.push(`${file}: ${span.expression.getText()}`)
        text += `x${span.literal.text}`
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Values that a shell takes as they are, without quotes: each is one of ours, or checked, or quoted in parts, where it comes from. */
const RAW = new Set([
  'core/engine/host/environment.ts: name',
  "modules/commands/command.ts: list.map(word).join(' ')",
  "modules/commands/execution.ts: pattern .split(/([*?[\\]]+)/) .map((part, i) => (i % 2 === 1 ? part : part === '' ? '' : quote(part))) .join('')",
  'modules/files/looks-details.ts: digest',
  'modules/libvirt/image/apply.ts: wanted.algorithm',
  'modules/libvirt/image/probe.ts: algorithm',
  "modules/libvirt/image/probe.ts: algorithm ?? ''",
  'modules/libvirt/vms/seeds.ts: unpack',
  "modules/network/bridge/networkmanager/facts.ts: glob(asideFile(name, '*'))",
  "modules/network/bridge/networkmanager/facts.ts: glob(portFile(name, '*'))",
  'modules/system/service.ts: a.scope',
])

/** The parts of a text that are not written here: not literals or constants, not quoted, no numbers. */
function foreignParts(node: ts.Expression): ts.Expression[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return []
  if (ts.isIdentifier(node) && /^[A-Z][A-Z0-9_]*$/.test(node.text)) return []
  if (ts.isCallExpression(node) && /^(quote|Math\.\w+)$/.test(node.expression.getText())) return []
  if (ts.isParenthesizedExpression(node)) return foreignParts(node.expression)
  if (ts.isConditionalExpression(node)) return [...foreignParts(node.whenTrue), ...foreignParts(node.whenFalse)]
  if (ts.isTemplateExpression(node)) return node.templateSpans.flatMap((span) => foreignParts(span.expression))
  return [node]
}

function rawValues(file: string): string[] {
  const found: string[] = []
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    const [text] = ts.isCallExpression(node) && node.expression.getText() === 'sh.raw' ? node.arguments : []
    for (const part of text ? foreignParts(text) : []) found.push(`${file}: ${part.getText().replace(/\s+/g, ' ')}`)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const files = ['core', 'modules', 'lab'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)

describe('values in shell text', () => {
  it('are only those listed here where they are not quoted at all', () => {
    expect(files.flatMap(rawValues)).to.have.members([...RAW])
  })

  it('are never put between quotes of the text, where their own quotes do not hold', () => {
    expect(files.flatMap(violations)).to.have.members([...ALLOWED])
  })

  for (const [text, expected] of [
    ['echo "', true],
    ["trap 'rm ", true],
    ['x=$(cat ', false],
    ['x="$(cat ', false],
    ['x="$(cat "', true],
    ["printf '%s\n' ", false],
    ["# it's\necho ", false],
    ['case $x in *) echo ', false],
    ['echo \\" ', false],
  ] as const)
    it(`knows where ${JSON.stringify(text)} ends`, () => {
      expect(quoted(text)).to.equal(expected)
    })
})
