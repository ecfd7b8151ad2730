import type { RemovalPlan } from '../../fleet/removal/plan.ts'
import type { FleetVm } from '../../fleet/vms.ts'

/** What goes and what stays, before it is asked. */
export function planLines(title: string, plan: RemovalPlan): string[] {
  const { running, state, persistent, managedSave, snapshots, nvram, tpm, deletes, keeps } = plan
  return [
    `${title}: ${persistent ? 'its definition goes' : 'it has no definition that lasts'}`,
    ...(running ? [`  it is ${state}, and would be cut off`] : []),
    ...(managedSave ? ['  the saved memory goes'] : []),
    ...(snapshots.length > 0 ? [`  what is known of its snapshots goes: ${snapshots.join(', ')}`] : []),
    ...(nvram !== undefined ? [`  the firmware's variables go: ${nvram}`] : []),
    ...(tpm ? ['  the state of its TPM goes'] : []),
    ...deletes.map((disk) => `  disk ${disk.target} goes: ${disk.path}`),
    ...keeps.map((disk) => `  disk ${disk.target} stays: ${disk.path} (${disk.why})`),
  ]
}

/** `vm delete --output json`; docs/guide/vm.md describes it. */
export function planDocument(vm: FleetVm, plan: RemovalPlan, changed: boolean): object {
  return {
    name: vm.name,
    host: vm.host,
    uuid: vm.uuid,
    changed,
    state: plan.state,
    snapshots: plan.snapshots,
    nvram: plan.nvram ?? null,
    deletes: plan.deletes.map(({ target, path }) => ({ target, path })),
    keeps: plan.keeps,
  }
}
