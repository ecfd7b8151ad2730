import { keepingTests } from './vm/keeping.ts'
import { openVmLab, type VmLab } from './vm/lab.ts'
import { listingTests } from './vm/listing.ts'
import { powerTests } from './vm/power.ts'
import { screenTests } from './vm/screens.ts'
import { snapshotTests } from './vm/snapshots.ts'

describe('virtfleet vm', function () {
  this.timeout(300_000)
  let opened: VmLab
  const lab = (): VmLab => opened

  before(async () => {
    opened = await openVmLab()
  })
  after(async () => {
    await opened?.clean()
    await opened?.close()
  })

  describe('list, show, ip', () => listingTests(lab))
  describe('start, stop, suspend, resume, reboot', () => powerTests(lab))
  describe('console, vnc', () => screenTests(lab))
  describe('snapshot', () => snapshotTests(lab))
  describe('delete', () => keepingTests(lab))
})
