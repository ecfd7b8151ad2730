import { DOMParser, ParseError } from '@xmldom/xmldom'

/** An XML element as libvirt uses it: attributes, child elements, or text; comments and white space are dropped. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** Trimmed; empty if there are child elements. */
  readonly text: string
  /** Line in the source, from 1. */
  readonly line: number
}

/** Text that is not well-formed XML; the line is in the text that was given. */
export class XmlError extends Error {
  readonly line: number | undefined
  constructor(message: string, line?: number) {
    super(message)
    this.name = 'XmlError'
    this.line = line
  }
}

/** Far above any definition: a domain with 200 disks has 100 KiB. */
const LIMIT = 4 * 1024 * 1024
/** Definitions nest about ten deep; metadata may hold anything. */
const DEPTH = 200

/** Parses strictly: what libvirt's parser would refuse is refused. No DTD, so nothing is expanded. Raises XmlError. */
export function parseXml(source: string): Element {
  if (source.length > LIMIT) throw new XmlError('larger than 4 MiB')
  if (/<!(?:DOCTYPE|ENTITY)/i.test(source)) throw new XmlError('a document type is not allowed here')
  const skipped = source.slice(0, source.length - source.trimStart().length).split('\n').length - 1
  const problem = (message: string, line: number | undefined): XmlError =>
    new XmlError(firstLine(message), line === undefined ? undefined : line + skipped)
  let failure: XmlError | undefined
  const parser = new DOMParser({
    onError: (_level, message, context: unknown) => {
      failure ??= problem(message, lineOf(context) ?? lineIn(message))
      throw failure
    },
  })
  let root: XmlNode | null
  try {
    root = parser.parseFromString(source.trimStart(), 'text/xml').documentElement as unknown as XmlNode | null
  } catch (error) {
    if (failure) throw failure
    if (error instanceof ParseError) throw problem(error.message, lineIn(error.message))
    throw error
  }
  if (!root) throw new XmlError('no element')
  return convert(root, skipped, 0)
}

/** What we use of the DOM. */
interface XmlNode {
  readonly nodeType: number
  readonly nodeName: string
  readonly nodeValue: string | null
  readonly lineNumber?: number
  readonly attributes: { readonly length: number; item(i: number): { name: string; value: string } | null }
  readonly firstChild: XmlNode | null
  readonly nextSibling: XmlNode | null
}

function convert(node: XmlNode, skipped: number, depth: number): Element {
  if (depth > DEPTH) throw new XmlError(`elements nest deeper than ${DEPTH}`, (node.lineNumber ?? 1) + skipped)
  const attributes: Record<string, string> = {}
  for (let i = 0; i < node.attributes.length; i++) {
    const attribute = node.attributes.item(i)
    if (attribute) attributes[attribute.name] = attribute.value
  }
  const children: Element[] = []
  let text = ''
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.nodeType === 1) children.push(convert(child, skipped, depth + 1))
    else if (child.nodeType === 3 || child.nodeType === 4) text += child.nodeValue ?? ''
  }
  return {
    name: node.nodeName,
    attributes,
    children,
    text: children.length > 0 ? '' : text.trim(),
    line: (node.lineNumber ?? 1) + skipped,
  }
}

const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? message).replace(/^\[xmldom \w+\]\s*/, '').replace(/\s*@#\[line:.*$/, '')

function lineOf(context: unknown): number | undefined {
  const locator = (context as { locator?: { lineNumber?: number } } | undefined)?.locator
  return locator?.lineNumber
}

function lineIn(message: string): number | undefined {
  const match = /line:(\d+)/.exec(message)
  return match?.[1] === undefined ? undefined : Number(match[1])
}

/** First child of that name. */
export function child(element: Element | undefined, ...path: string[]): Element | undefined {
  let current = element
  for (const name of path) current = current?.children.find((c) => c.name === name)
  return current
}

/** All children of that name. */
export function childrenOf(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((c) => c.name === name) ?? []
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Text as XML text or attribute value. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c)
}

/** The element as XML text, indented by two. */
export function formatXml(element: Element, indent = ''): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}='${escapeXml(value)}'`)
  const open = `${indent}<${element.name}${attributes.join('')}`
  if (element.children.length > 0) {
    const inner = element.children.map((c) => formatXml(c, `${indent}  `)).join('')
    return `${open}>\n${inner}${indent}</${element.name}>\n`
  }
  return element.text === '' ? `${open}/>\n` : `${open}>${escapeXml(element.text)}</${element.name}>\n`
}
