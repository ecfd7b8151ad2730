import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './imports.ts'

/** A place in the program that names the code of a diagnostic. */
export interface CodeUse {
  /** Path from the root, and line. */
  readonly where: string
  readonly file: string
  /** The codes it may be; undefined when the expression's text does not tell. */
  readonly codes: readonly string[] | undefined
}

interface Source {
  readonly file: string
  readonly tree: ts.SourceFile
}

function sources(): Source[] {
  return readdirSync(join(ROOT, 'core'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join('core', name))
    .map((file) => ({ file, tree: parse(file, readFileSync(join(ROOT, file), 'utf8')) }))
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
}

function each(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => each(child, visit))
}

/**
 * Functions that take a diagnostic's code: their name, and which argument it is. Any parameter called `code` of type
 * string makes one. Those that no other file can call have their file before their name.
 */
function takers(all: readonly Source[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { file, tree } of all) {
    each(tree, (node) => {
      if (!ts.isFunctionLike(node)) return
      const index = codeParameter(node)
      const name = index < 0 ? undefined : nameOf(node)
      if (name !== undefined) found.set(isPrivate(node, name) ? `${file} ${name}` : name, index)
    })
  }
  return found
}

function codeParameter(node: ts.SignatureDeclaration): number {
  return node.parameters.findIndex((p) => p.name.getText() === 'code' && p.type?.getText() === 'string')
}

function isPrivate(node: ts.SignatureDeclaration, name: string): boolean {
  if (name.startsWith('#')) return true
  return ts.isFunctionDeclaration(node) && !node.modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
}

function nameOf(node: ts.SignatureDeclaration): string | undefined {
  if (ts.isConstructorDeclaration(node)) return undefined
  if (node.name !== undefined) return node.name.getText()
  return ts.isVariableDeclaration(node.parent) || ts.isPropertyDeclaration(node.parent)
    ? node.parent.name.getText()
    : undefined
}

/** What a code's expression may be: a text, either of two, or an entry of a table in the same file. */
function codesOf(node: ts.Expression): string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isParenthesizedExpression(node)) return codesOf(node.expression)
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression)) return tableCodes(node.expression)
  if (!ts.isConditionalExpression(node)) return undefined
  const [yes, no] = [codesOf(node.whenTrue), codesOf(node.whenFalse)]
  return yes && no && [...yes, ...no]
}

function tableCodes(name: ts.Identifier): string[] | undefined {
  let found: string[] | undefined
  each(name.getSourceFile(), (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== name.text || !node.initializer) return
    if (!ts.isObjectLiteralExpression(node.initializer)) return
    const codes = node.initializer.properties.map((p) =>
      ts.isPropertyAssignment(p) ? codesOf(p.initializer) : undefined,
    )
    if (codes.every((c) => c !== undefined)) found = codes.flat()
  })
  return found
}

/** Whether an expression is the parameter `code` of a function around it, or the code of an event taken apart there. */
function isHandedOn(value: ts.Expression): boolean {
  if (!ts.isIdentifier(value) || value.text !== 'code') return false
  const around = ts.findAncestor(value, (node) => {
    if (!ts.isFunctionLike(node)) return false
    let isTakenApart = false
    each(node, (inner) => {
      if (ts.isBindingElement(inner) && inner.name.getText() === 'code') isTakenApart = true
    })
    return isTakenApart || codeParameter(node) >= 0
  })
  return around !== undefined
}

/** Every use of a diagnostic's code in these files; one that only hands on its own parameter `code` is none. */
export function codeUses(all: readonly Source[]): CodeUse[] {
  const taking = takers(all)
  const uses: CodeUse[] = []
  for (const { file, tree } of all) {
    const own = ownFunctions(tree)
    const add = (value: ts.Expression | undefined): void => {
      if (value === undefined || isHandedOn(value)) return
      const { line } = tree.getLineAndCharacterOfPosition(value.getStart())
      uses.push({ file, where: `${file}:${line + 1}`, codes: codesOf(value) })
    }
    each(tree, (node) => {
      if (ts.isCallExpression(node)) {
        const { expression: callee } = node
        const name = ts.isPropertyAccessExpression(callee) ? callee.name.getText() : callee.getText()
        const index = taking.get(`${file} ${name}`) ?? (own.has(name) ? undefined : taking.get(name))
        if (index !== undefined) add(node.arguments[index])
      }
      if (!ts.isObjectLiteralExpression(node)) return
      const severity = propertyOf(node, 'severity')
      if (severity !== undefined && !ts.isCallExpression(severity)) add(propertyOf(node, 'code'))
    })
  }
  return uses
}

/** A file's own functions, which hide those of other files. */
function ownFunctions(tree: ts.SourceFile): Set<string> {
  const names = tree.statements.filter(ts.isFunctionDeclaration).map((node) => ({ node, name: node.name?.text ?? '' }))
  return new Set(names.filter(({ node }) => codeParameter(node) < 0).map(({ name }) => name))
}

function propertyOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = node.properties.find((p) => p.name?.getText() === name)
  if (found === undefined) return undefined
  return ts.isPropertyAssignment(found)
    ? found.initializer
    : ts.isShorthandPropertyAssignment(found)
      ? found.name
      : undefined
}

/** Every use of a diagnostic's code in core/. */
export function readCodeUses(): CodeUse[] {
  return codeUses(sources())
}

/** For the test of the test: one file, given as text. */
export function codeUsesOf(text: string): CodeUse[] {
  return codeUses([{ file: 'x.ts', tree: parse('x.ts', text) }])
}
