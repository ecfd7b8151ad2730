import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { createVault, isVaultText, VaultError } from '../../../core/secrets/index.ts'

const run = promisify(execFile)
// Made by ansible-vault of ansible-core 2.14 with the password `hunter22`: 1.1, and 1.2 with the id `prod`.
const made11 = `$ANSIBLE_VAULT;1.1;AES256
32373864326532336263363163353138663135303463376563356439383064313366636338313665
3630666165636139656438333666386531333131383264300a623836613039613231363537633632
35613935326562666335323739326433346366613566333762383939343435363335616132353665
6266396663313065300a613939663430363335313362366235303039386435373639346364373931
39653461366438356262663565366262656666356565653833323334653834646334
`
const made12 = `$ANSIBLE_VAULT;1.2;AES256;prod
39623762633331306662613063313164336461376232626561326331303031656230656461663762
3861373131613833366361363931383362623132626436360a346361646535646664306138303962
61313537316463373631343937363837633736323335336532343465636430323637363964373831
3533306330303037360a356332376638386362343639303332353435636536316535313632353739
3564
`

describe('vault', () => {
  it('opens what ansible-vault made, formats 1.1 and 1.2', () => {
    const vault = createVault([{ id: 'default', password: 'hunter22' }])
    expect(vault.decrypt(made11)).to.equal('db_password: s3cret\n')
    expect(vault.decrypt(made12)).to.equal('plain text')
    expect(vault.decrypt(made12.replaceAll('\n', '\r\n'))).to.equal('plain text')
  })

  it('is opened by ansible-vault, with and without an id', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vault-'))
    try {
      const vault = createVault([{ id: 'prod', password: 'hunter22' }])
      await writeFile(join(folder, 'pass'), 'hunter22\n')
      await writeFile(join(folder, 'a'), await vault.encrypt('first: 1\n'))
      await writeFile(join(folder, 'b'), await vault.encrypt('second: ü\n', 'prod'))
      const { stdout } = await run('ansible-vault', [
        'view',
        '--vault-id',
        `prod@${folder}/pass`,
        `${folder}/a`,
        `${folder}/b`,
      ])
      expect(stdout).to.equal('first: 1\nsecond: ü\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  }).timeout(20_000)

  it('opens what it made, whatever the bytes', async () => {
    const vault = createVault([{ id: 'default', password: 'pässword' }])
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const sealed = await vault.encrypt(text)
        expect(isVaultText(sealed)).to.equal(true)
        expect(vault.decrypt(sealed)).to.equal(text)
      }),
      { numRuns: 20 },
    )
  })

  it('tries the password of the label first, then the others', async () => {
    const sealed = await createVault([{ id: 'prod', password: 'two' }]).encrypt('x', 'prod')
    const vault = createVault([
      { id: 'dev', password: 'one' },
      { id: 'other', password: 'two' },
    ])
    await vault.unlock([sealed, 'no vault'])
    expect(vault.decrypt(sealed)).to.equal('x')
  })

  const wrong: [string, () => unknown, string][] = [
    ['a wrong password', () => createVault([{ id: 'default', password: 'x' }]).decrypt(made11), 'vault-password'],
    ['no password', () => createVault([]).decrypt(made11), 'vault-no-password'],
    ['another format', () => createVault([]).decrypt('$ANSIBLE_VAULT;2.0;AES256\n00'), 'vault-format'],
    ['another cipher', () => createVault([]).decrypt('$ANSIBLE_VAULT;1.1;AES\n00'), 'vault-format'],
    ['a damaged body', () => createVault([]).decrypt('$ANSIBLE_VAULT;1.1;AES256\n0g'), 'vault-format'],
    [
      'a body that is cut',
      () => createVault([{ id: 'default', password: 'hunter22' }]).decrypt(made11.slice(0, -40)),
      'vault-',
    ],
    ['no vault', () => createVault([]).decrypt('hello'), 'vault-format'],
  ]
  for (const [what, act, code] of wrong) {
    it(`refuses ${what}`, () => {
      try {
        act()
        expect.fail('was opened')
      } catch (error) {
        expect(error).to.be.instanceOf(VaultError)
        expect((error as VaultError).code).to.include(code)
      }
    })
  }
})
