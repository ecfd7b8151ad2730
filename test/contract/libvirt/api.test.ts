import { domainTests } from './api/domains.ts'
import { hostTests } from './api/host.ts'
import { type ApiLab, openApiLab, WAYS } from './api/lab.ts'
import { networkTests } from './api/networks.ts'
import { storageTests } from './api/storage.ts'
import { API_RELEASES } from './releases.ts'

for (const release of API_RELEASES) {
  describe(`the libvirt of ${release}`, function () {
    this.timeout(300_000)
    let opened: ApiLab
    const lab = (): ApiLab => opened

    before(async () => {
      opened = await openApiLab(release)
      await opened.clean()
    })
    afterEach(async function () {
      if (this.currentTest?.state === 'failed') await opened.clean()
    })
    after(() => opened?.close())

    for (const way of WAYS) {
      const libvirt = () => opened.ways[way]
      describe(`by ${way}`, () => {
        describe('host', () => hostTests(lab, libvirt))
        describe('domains', () => domainTests(lab, libvirt))
        describe('networks', () => networkTests(lab, libvirt))
        describe('storage', () => storageTests(lab, libvirt))
      })
    }
  })
}
