import pc from 'picocolors'

/** Colours, or none. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  magenta(text: string): string
}

export function createPaint(enabled: boolean): Paint {
  return pc.createColors(enabled)
}
