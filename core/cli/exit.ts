/** Exit codes that the command line itself gives; those of a run come from the engine. Ansible's, where it has the same. */
export const EXIT = {
  ok: 0,
  error: 1,
  /** A playbook or an inventory that cannot be read. */
  unparsable: 4,
  badOptions: 5,
} as const

/** A mistake on the command line or in what it names: said in one line with a hint, without a stack. */
export class CliError extends Error {
  readonly exitCode: number
  readonly hint: string | undefined
  constructor(message: string, options: { exitCode?: number; hint?: string } = {}) {
    super(message)
    this.name = 'CliError'
    this.exitCode = options.exitCode ?? EXIT.badOptions
    this.hint = options.hint
  }
}
