/** One step forward of a lab verb: what is being done, the line that says how far, and counts (total 0: unknown). */
export interface LabProgress {
  step: string
  detail: string
  done: number
  total: number
}

/** Receives progress; must not throw. */
export type Report = (progress: LabProgress) => void
