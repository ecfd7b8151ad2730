import { quote } from '../../connection/quote.ts'

/**
 * An argument vector as one command for virsh's own parser (`virsh 'cmd a; cmd b'`), whose quoting is that of POSIX sh.
 * Throws RangeError for a NUL byte or a line break, which no name of libvirt's may carry.
 */
export function virshCommand(argv: readonly string[]): string {
  return argv.map(word).join(' ')
}

function word(text: string): string {
  if (/[\0\n\r]/.test(text)) throw new RangeError('a line break or NUL byte cannot be passed to virsh')
  return quote(text)
}

/** Whether virsh would take this name for an id before it looks for a name. */
export function numeric(name: string): boolean {
  return /^\d+$/.test(name)
}

/** XML as one line, the same in meaning: breaks between texts become references, those inside tags become spaces. */
export function oneLine(xml: string): string {
  return xml.replace(/<[^>]*>|\r?\n/g, (part) => (part.startsWith('<') ? part.replace(/\s*\r?\n\s*/g, ' ') : '&#10;'))
}

/** Whether virsh would take this name for an id or a UUID before it looks for a name. */
export function ambiguous(name: string): boolean {
  return numeric(name) || /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(name)
}
