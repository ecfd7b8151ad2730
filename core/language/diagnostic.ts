import type { Position } from '../events/types.ts'

/** A mistake of the user's: where, what, and what to do about it. Message is lower case without a final stop. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'note'
  /** Stable id such as `unknown-module`, listed in docs/diagnostics.md. */
  code: string
  message: string
  at?: Position
  hint?: string
}

/** Carries diagnostics out of a function that cannot go on; never used for bugs. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => d.message).join('; '))
    this.name = 'DiagnosticError'
    this.diagnostics = diagnostics
  }
}

export function errorAt(code: string, message: string, at?: Position, hint?: string): Diagnostic {
  return { severity: 'error', code, message, ...(at && { at }), ...(hint !== undefined && { hint }) }
}
