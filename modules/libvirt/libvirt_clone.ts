import type { JsonObject } from '../../core/events/json.ts'
import { readDomain } from '../../core/libvirt/xml/domain.ts'
import { defineState } from '../../core/module/define.ts'
import { applyClone } from './clone/apply.ts'
import { cloneArgs } from './clone/args.ts'
import { diffClone } from './clone/diff.ts'
import { probeClone } from './clone/probe.ts'

export default defineState({
  name: 'libvirt_clone',
  summary: 'A clone of a domain: with a name, UUID, MACs, NVRAM and images of its own.',
  description: `The source must be shut off. UUID and MACs are computed from the fleet and the name, so that the same clone is the same
machine wherever it is made again. Disks that cannot be written (CD-ROMs, read-only and shareable ones) are had by both.

A linked clone is on top of the images of its source. Should the source ever write to them again, every clone is damaged: they must be
read-only, which \`seal_source\` sees to. The source is a template from then on.

The TPM of a clone is a new one. What fails leaves nothing: no image, no domain.`,
  args: cloneArgs,
  returns: {
    name: 'Name of the clone.',
    uuid: 'Its UUID.',
    source: 'What it is a clone of.',
    interfaces: 'MAC of each interface.',
    disks: 'Target, file and format of each disk.',
  },
  examples: `- name: A machine of its own
  libvirt_clone:
    name: web2
    source: web1

- name: One of many, on top of a template, with nothing of its identity
  libvirt_clone:
    name: "{{ item }}"
    source: template-debian-12
    type: linked
    seal_source: true
    reset: true
  loop: [ci1, ci2, ci3]
`,
  wakes: true,
  shielded: true,
  touches: 'subject',
  probe: probeClone,
  diff: diffClone,
  apply: applyClone,
  result({ answer }, a): JsonObject {
    const host = answer.kind === 'answer' ? answer.value : undefined
    const common = { name: a.name, source: a.source }
    if (!host?.named || !host.definition) return { ...common, state: 'absent' }
    const model = readDomain(host.definition)
    return {
      ...common,
      uuid: host.named.uuid,
      state: host.named.state,
      interfaces: model.nics.map((nic) => ({ mac: nic.mac ?? null, source: nic.source ?? null })),
      disks: model.disks.map(({ target, source, format }) => ({
        target,
        file: source ?? null,
        format: format ?? null,
      })),
    }
  },
  why: (_state, a) => `${a.name} is there`,
})
