export interface PreludeOptions {
  readonly nonce: string
  readonly shellPath: string
  /** Seconds between TERM and KILL. */
  readonly grace: number
  /** stderr is merged into stdout: marks are written once. */
  readonly merged: boolean
}
