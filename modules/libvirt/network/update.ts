import type { Difference } from '../../../core/libvirt/xml/diff.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'

/** One `net-update`: what libvirt can change while the network runs. */
export interface LiveUpdate {
  readonly command: 'add-last' | 'modify'
  readonly section: string
  readonly xml: string
  /** Which of several `<ip>` elements. */
  readonly parentIndex: number
}

/** By the element's name under its parent in the path; virNetworkUpdateSection. */
const SECTIONS: readonly (readonly [RegExp, string, 'modify' | undefined])[] = [
  [/\bip(?:\[[^\]]*\])?\.dhcp\.host\b/, 'ip-dhcp-host', 'modify'],
  [/\bip(?:\[[^\]]*\])?\.dhcp\.range\b/, 'ip-dhcp-range', undefined],
  [/^dns\.host\b/, 'dns-host', undefined],
  [/^dns\.srv\b/, 'dns-srv', undefined],
  [/^dns\.txt\b/, 'dns-txt', undefined],
  [/^portgroup\b/, 'portgroup', 'modify'],
  [/^forward\.interface\b/, 'forward-interface', undefined],
]

/** How a difference of a running network can be made good without a restart; undefined if it cannot. */
export function liveUpdate(difference: Difference): LiveUpdate | undefined {
  for (const [pattern, section, modify] of SECTIONS) {
    if (!pattern.test(difference.path)) continue
    if (difference.actual !== undefined && modify === undefined) return undefined
    const command = difference.actual === undefined ? 'add-last' : 'modify'
    return { command, section, xml: formatXml(difference.declared), parentIndex: 0 }
  }
  return undefined
}
