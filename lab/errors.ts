/** Why the lab could not do what was asked; `code` is stable, `hint` says what to do about it. */
export type LabErrorCode =
  | 'not-root'
  | 'not-debian'
  | 'packages-missing'
  | 'no-network'
  | 'no-mirror'
  | 'disk-full'
  | 'no-tun'
  | 'image-failed'
  | 'machine-failed'
  | 'no-lab'
  | 'bad-option'
  | 'command-failed'
  | 'cancelled'

/** A mistake of the user or a lack of the machine; never a bug. */
export class LabError extends Error {
  readonly code: LabErrorCode
  readonly hint: string

  constructor(code: LabErrorCode, message: string, hint = '') {
    super(message)
    this.name = 'LabError'
    this.code = code
    this.hint = hint
  }
}
