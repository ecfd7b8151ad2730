import type { JsonObject } from '../../core/events/json.ts'
import { defineState } from '../../core/module/define.ts'
import { applySnapshot } from './snapshot/apply.ts'
import { snapshotArgs } from './snapshot/args.ts'
import { diffSnapshot } from './snapshot/diff.ts'
import { probeSnapshot } from './snapshot/probe.ts'

export default defineState({
  name: 'libvirt_snapshot',
  summary: 'A snapshot of a domain, by its name: taken, gone back to, removed.',
  description: `A snapshot of that name is taken once. Removing one never loses what the guest wrote since: an internal one is deleted, an
external one merged back into its base (by libvirt, or by blockcommit or qemu-img commit where this libvirt cannot), while the guest runs
or not. Where another image on the host stands on one that would be written to or removed (a linked clone of the domain), or may for all
that can be told, it is refused, in check mode too, with who it is and how to make it whole. A merge that was cut goes on in the next run.

Going back is an act: what the guest is now is lost, in every run. Nobody else loses anything by it: going back to an internal snapshot writes
to the images that it is in, and going back to an external one removes the image that the domain has been on since the current snapshot, and
where another image, another domain or another snapshot of this domain needs one of these as it is, or may for all that can be told, it is
refused, in check mode too. Clones of what an external one goes back to are left whole: its images are not written to.

External snapshots are gone back to with libvirt 9.9.0 and later; an older one is refused before anything is touched.`,
  args: snapshotArgs,
  returns: {
    domain: 'Name of the domain.',
    name: 'Name of the snapshot.',
    type: 'internal or external.',
    state: 'State of the guest in it: running, paused, shutoff, disk-snapshot; absent where there is none.',
    parent: 'The one before it.',
    created: 'When it was taken, in seconds since the epoch.',
    disks: 'Target and new image of each disk in it.',
    current: 'Name of the current one.',
    snapshots: 'Names of all of them.',
  },
  examples: `- name: Before the upgrade
  libvirt_snapshot:
    domain: web1
    name: before-upgrade

- name: Back to it, and running
  libvirt_snapshot:
    domain: web1
    name: before-upgrade
    state: reverted
    start: running

- name: A new image on top, while the agent holds the file systems still
  libvirt_snapshot:
    domain: db1
    name: nightly
    type: external
    quiesce: true

- name: Merged back
  libvirt_snapshot:
    domain: db1
    name: nightly
    state: absent
`,
  wakes: true,
  shielded: true,
  touches: 'subject',
  probe: probeSnapshot,
  diff: diffSnapshot,
  apply: applySnapshot,
  result({ answer }, a): JsonObject {
    const found = answer.kind === 'answer' ? answer.value : undefined
    const { snapshot } = found ?? {}
    const common = { domain: a.domain, name: a.name }
    const all = { current: found?.current ?? null, snapshots: found?.names ?? [] }
    if (!snapshot) return { ...common, state: 'absent', ...all }
    return {
      ...common,
      type: snapshot.type,
      state: snapshot.state,
      parent: snapshot.parent ?? null,
      created: snapshot.created,
      description: snapshot.description ?? null,
      disks: snapshot.disks.map((disk) => ({ target: disk.target, file: disk.overlay ?? null })),
      ...all,
    }
  },
  why: (_state, a) => (a.state === 'absent' ? `there is no snapshot ${a.name}` : `there is a snapshot ${a.name}`),
})
