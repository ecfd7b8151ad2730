import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { lintDomain } from '../../../core/libvirt/xml/lint.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { excerpt, parseDeclared } from '../daemon/changes.ts'
import { type Absence, absences, exactAbsence } from './absences.ts'
import type { DomainArgs } from './args.ts'
import { findTemplate } from './shipped.ts'
import { shortElement } from './short.ts'

/** What a task says about a domain. */
export interface Declaration {
  /** The text it was read from: a rendered template, or the argument xml. */
  readonly source: string
  /** `domain.xml.njk`, or `xml`. */
  readonly origin: string
  readonly element: Element
  /** Whether a domain can be made of it: not where only single devices are declared. */
  readonly whole: boolean
  /** What must not be there. */
  readonly absent: readonly Absence[]
}

/** The template of a domain that is made from single arguments. */
const DEFAULT_TEMPLATE = 'domain.xml.njk'

/** Renders and reads what the task declares; undefined where it declares only a state. Raises ModuleFailure. */
export async function declare(host: Reader, args: DomainArgs): Promise<Declaration | undefined> {
  if (args.template !== undefined && args.xml !== undefined)
    throw new ModuleFailure('template and xml exclude each other')
  const variables = { ...args.variables, name: args.name }
  const rendered = args.template === undefined ? undefined : await renderDomain(host, args.template, variables)
  const source = rendered ?? args.xml
  const short = shortElement(args)
  const absent = absences(args)
  if (source === undefined && short.children.length === 1 && absent.length === 0 && args.exact.length === 0)
    return undefined
  const origin = args.template ?? (args.xml === undefined ? 'the task' : 'xml')
  const element = source === undefined ? short : mergeXml(short, readWhole(source, origin, args.name))
  const all = args.exact.length === 0 ? absent : [...absent, exactAbsence(element, args)]
  return { source: source ?? '', origin, element, whole: source !== undefined, absent: all }
}

/**
 * A declaration in single arguments, made whole for a domain that is to be made: what they do not say is the shipped
 * template's. Later runs compare only what they say.
 */
export async function completed(
  host: Reader,
  args: DomainArgs,
  declaration: Declaration,
  acceleration: 'kvm' | 'tcg',
): Promise<Declaration> {
  if (declaration.whole || args.memory === undefined) return declaration
  // UEFI with all it has (secure boot) is there for q35.
  const machine = args.machine ?? (args.firmware?.startsWith('efi') === true ? 'q35' : undefined)
  const variables = { acceleration, ...args.variables, ...(machine !== undefined && { machine }), name: args.name }
  const source = await renderDomain(host, DEFAULT_TEMPLATE, variables)
  const element = mergeXml(declaration.element, readWhole(source, DEFAULT_TEMPLATE, args.name))
  return { ...declaration, source, origin: DEFAULT_TEMPLATE, element, whole: true }
}

/** The text of a domain template with these variables. */
export async function renderDomain(
  host: Reader,
  template: string,
  variables: DomainArgs['variables'],
): Promise<string> {
  const path = await findTemplate(host, template)
  const text = (await host.files.read(path)).toString('utf8')
  return await host.render(text, path, { variables, trimBlocks: true, lstripBlocks: true })
}

/** Reads a whole definition; every finding is the user's to mend, and shows the line. */
export function readWhole(source: string, origin: string, name: string): Element {
  const element = parseDeclared(source, origin)
  const findings = lintDomain(element)
  const declared = child(element, 'name')
  if (declared && declared.text !== name) {
    findings.push({ message: `the definition is for '${declared.text}', the task for '${name}'`, line: declared.line })
  }
  if (findings.length > 0) {
    const lines = findings
      .sort((a, b) => a.line - b.line)
      .map((f) => `line ${f.line}: ${f.message}: ${excerpt(source, f.line)}`)
    throw new ModuleFailure(`${origin}: ${lines.join('; ')}`)
  }
  return element
}
