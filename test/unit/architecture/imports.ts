import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export interface Import {
  /** Path of the importing file, from the root. */
  readonly from: string
  /** Path of the imported file, or the name of a package. */
  readonly to: string
  readonly line: number
  /** Only types: nothing of it is left when the program runs. */
  readonly typeOnly: boolean
  /** import('…'): loaded later, so no cycle of loading. */
  readonly dynamic: boolean
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:([^'"]*?)\s+from\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** `{ type A, type B }` leaves nothing behind either. */
const allTypes = (clause: string | undefined): boolean => {
  const names = /^\{([\s\S]*)\}$/.exec(clause?.trim() ?? '')?.[1]
  return names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const lineAt = (index: number): number => text.slice(0, index).split('\n').length
  const target = (name: string): string =>
    name.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), name)) : name
  const found: Import[] = []
  for (const match of text.matchAll(STATEMENT)) {
    const [, type, clause, name = ''] = match
    found.push({
      from: file,
      to: target(name),
      line: lineAt(match.index),
      typeOnly: type !== undefined || allTypes(clause),
      dynamic: false,
    })
  }
  for (const match of text.matchAll(DYNAMIC)) {
    found.push({ from: file, to: target(match[1]!), line: lineAt(match.index), typeOnly: false, dynamic: true })
  }
  return found
}

/** Every import of the program's own files. */
export function readImports(): Import[] {
  return ['core', 'modules', 'lab'].flatMap(sources).flatMap(importsOf)
}

/** `import()` of what is only known when it runs, by place; nobody can say where it leads. */
export function computedImports(): string[] {
  return ['core', 'modules', 'lab'].flatMap(sources).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const found: string[] = []
    const visit = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        node.expression.kind === ts.SyntaxKind.ImportKeyword &&
        !(node.arguments[0] && ts.isStringLiteral(node.arguments[0]))
      ) {
        found.push(`${file}: ${node.getText()}`)
      }
      ts.forEachChild(node, visit)
    }
    if (text.includes('import(')) visit(source)
    return found
  })
}

/** Groups of nodes that can reach one another. */
export function cycles(edges: readonly (readonly [string, string])[]): string[][] {
  const graph = new Map<string, string[]>()
  for (const [from, to] of edges) graph.set(from, [...(graph.get(from) ?? []), to])
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (node: string): void => {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!))
    }
    if (low.get(node) !== index.get(node)) return
    const group = stack.splice(stack.indexOf(node))
    if (group.length > 1 || (graph.get(node) ?? []).includes(node)) found.push(group.reverse())
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node)
  return found
}
