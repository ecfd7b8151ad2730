import type { Libvirt } from '../../../../core/libvirt/types.ts'
import type { Difference } from '../../../../core/libvirt/xml/diff.ts'
import type { Element } from '../../../../core/libvirt/xml/element.ts'

/** A change that libvirt can make to a running guest. */
export interface LiveStep {
  /** Differences with one label are made good by one step: `attach disk[vdb]`. */
  readonly label: string
  /** guest: it is done when the guest does its part, and may never be. */
  readonly settles: 'now' | 'guest'
  /** What it waits for, of the guest. */
  readonly note?: string
  readonly act: (libvirt: Libvirt, uuid: string) => Promise<unknown>
  /** Takes it back, where something after it fails. */
  readonly undo?: (libvirt: Libvirt, uuid: string) => Promise<unknown>
}

/** What a running guest has and what it is to have; both whole. */
export interface Running {
  readonly declared: Element
  readonly live: Element
}

/** Makes the step for a difference, if it is one of its own. */
export type StepMaker = (difference: Difference, running: Running) => LiveStep | undefined

export const LIVE = { live: true } as const
