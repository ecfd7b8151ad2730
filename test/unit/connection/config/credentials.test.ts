import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { credentials } from '../../../../core/connection/config/credentials.ts'
import { makeKey, resolved } from '../hostkeys/keys.ts'

describe('keys that are offered beside one of the inventory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-credentials-'))
  const [named, other] = [join(folder, 'named'), join(folder, 'id_ed25519')]

  before(() => {
    for (const file of [named, other]) makeKey(file, 'ed25519')
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const [identitiesOnly, privateKeyFile, expected] of [
    [false, named, [named, other]],
    [true, named, [named]],
    [true, undefined, [other]],
  ] as const)
    it(`are ${expected.length} with IdentitiesOnly ${identitiesOnly}${privateKeyFile ? '' : ' and no such key'}`, async () => {
      const endpoint = resolved({
        identitiesOnly,
        defaultIdentityFiles: [other],
        ...(privateKeyFile !== undefined && { privateKeyFile }),
      })
      const { offered } = await credentials({ name: 'kvm1' }, endpoint)
      expect(offered).to.deep.equal(expected.map((file) => `key ${file}`))
    })
})
