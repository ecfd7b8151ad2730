import { type PortRange, portText } from './ports.ts'
import type { Source } from './source.ts'

/** Ports that are let in from one network, or from anywhere. */
export interface Opening {
  readonly ports: PortRange
  readonly source: Source | undefined
  /** The service that it was declared by, for comments. */
  readonly service: string | undefined
}

/** What makes it another opening; the service does not. */
export const openingText = ({ ports, source }: Omit<Opening, 'service'>): string =>
  `${portText(ports)}${source ? ` from ${source.text}` : ''}`

/** What every rule of ours carries where rules have comments. */
export const MARK = 'virtfleet'
export const openingComment = ({ service }: Opening): string => (service === undefined ? MARK : `${MARK}: ${service}`)
