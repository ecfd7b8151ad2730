/** One line of virt-host-validate. */
export interface Validation {
  readonly check: string
  readonly result: 'pass' | 'warn' | 'fail'
  readonly note: string
}

/** Reads `QEMU: Checking for hardware virtualization : FAIL (text)`. */
export function parseValidation(output: string): Validation[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*\S+: Checking (?:for |if )?(.+?)\s*:\s*(PASS|WARN|FAIL)\s*(?:\((.*)\))?\s*$/.exec(line)
    if (!match?.[1] || !match[2]) return []
    return [{ check: match[1], result: match[2].toLowerCase() as Validation['result'], note: match[3] ?? '' }]
  })
}
