import { existsSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { sshOptions } from '../../../../core/connection/config/options.ts'
import { resolveEndpoint } from '../../../../core/connection/config/resolve.ts'
import { ConnectionError } from '../../../../core/connection/errors.ts'
import type { Endpoint } from '../../../../core/connection/types.ts'
import { temporaryFolder } from '../hostkeys/keys.ts'
import { environmentWith } from './environment.ts'

const kvm1: Endpoint = { name: 'kvm1', transport: 'ssh', address: 'kvm1', hostKeys: { policy: 'strict' } }

describe('resolving an endpoint', () => {
  const folder = temporaryFolder()

  for (const ssh of [true, false]) {
    describe(ssh ? 'with ssh -G' : 'without ssh', () => {
      const resolve = (config: string, more: Partial<Endpoint> = {}, files: Record<string, string> = {}) =>
        resolveEndpoint({ ...kvm1, ...more }, environmentWith(folder.path, config, { ssh, files }))

      it('takes what the file says', async () => {
        const config = `Host kvm*
  HostName %h.example.org
  Port 2222
  User op
  IdentityFile /keys/%h-%r-%p
  IdentitiesOnly yes
  ConnectTimeout 7
  ServerAliveInterval 5
  HostKeyAlias cluster
  UserKnownHostsFile /k/one /k/two
`
        expect(await resolve(config)).to.deep.include({
          host: 'kvm1.example.org',
          port: 2222,
          user: 'op',
          identityFiles: ['/keys/kvm1.example.org-op-2222'],
          defaultIdentityFiles: [],
          identitiesOnly: true,
          connectTimeoutMs: 7000,
          serverAliveIntervalMs: 5000,
          hostKeyAlias: 'cluster',
          hostKeys: { policy: 'strict', files: ['/k/one', '/k/two'] },
        })
      })

      for (const value of ['yes', 'True', 'YES'])
        it(`knows IdentitiesOnly ${value}`, async () =>
          expect(await resolve(`Host *\n  IdentitiesOnly ${value}\n`)).to.include({ identitiesOnly: true }))

      for (const [kind, token, config, more] of [
        ['host', '%h', 'HostName a;id\n', {}],
        ['host', '%k', '', { address: 'a$(id)' }],
        ['address', '%n', 'HostName fine\n', { address: 'a`id`' }],
        ['user', '%r', '', { user: 'x|id' }],
        ['user', '%r', '', { user: '-x' }],
        ['host key alias', '%k', 'HostKeyAlias a&id\n', {}],
      ] as const)
        it(`gives no shell syntax to a ProxyCommand: ${kind} by ${token}, ${config.trim()}${JSON.stringify(more)}`, async () => {
          const file = config === '' ? '' : `Host *\n  ${config}`
          const asked = (proxyCommand: string) => resolve(file, { ...more, proxyCommand })
          const error = await asked(`nc -x ${token}:%p`).catch((cause: unknown) => cause)
          expect(error).to.be.instanceOf(ConnectionError)
          expect(error).to.have.property('failure', 'config')
          if (String(error).includes('ssh configuration')) return
          expect(String(error)).to.include(`the ${kind} `)
          expect((await asked(`nc %%${token.slice(1)} %p`)).proxyCommand).to.equal(`nc ${token} 22`)
        })

      it('lets the inventory win', async () => {
        const config = 'Host *\n  Port 2222\n  User op\n  ConnectTimeout 7\n  ProxyJump a\n  UserKnownHostsFile /k\n'
        const more = { port: 23, user: 'root', connectTimeoutMs: 900, proxyCommand: 'nc %h %p' }
        const answer = await resolve(config, { ...more, hostKeys: { policy: 'accept-new', files: ['~/k'] } })
        expect(answer).to.deep.include({
          port: 23,
          user: 'root',
          connectTimeoutMs: 900,
          proxyJump: [],
          proxyCommand: 'nc kvm1 23',
        })
        expect(answer.hostKeys.files[0]).to.match(/home\d+\/k$/)
        expect((await resolve(config, { useSshConfig: false })).port).to.equal(22)
      })

      it('reads ssh arguments of the inventory', async () => {
        const sshArgs = [
          '-o',
          'ProxyJump=b:2200',
          '-oUser="op"',
          '-o',
          'StrictHostKeyChecking no',
          '-C',
          '-p',
          '2022',
          '-oServerAliveInterval=7',
        ]
        const answer = await resolve('Host kvm1\n  ProxyJump a\n', { sshArgs })
        expect(answer.proxyJump.map((hop) => [hop.host, hop.port])).to.deep.equal([['b', 2200]])
        expect(answer).to.include({ user: 'op', port: 2022, serverAliveIntervalMs: 7000 })
        expect(answer.hostKeys.policy).to.equal('off')
        for (const [text, ms] of [
          ['0', 0],
          ['1m30s', 90_000],
          ['nonsense', 15_000],
        ] as const) {
          const { serverAliveIntervalMs } = await resolve('', {
            sshArgs: ['-o', `ServerAliveInterval=${text}`],
            useSshConfig: false,
          })
          expect(serverAliveIntervalMs).to.equal(ms)
        }
        const twice = await resolve('', { sshArgs: ['-p', '1', '-p', '2'], useSshConfig: false })
        expect(twice.port).to.equal(1)
      })

      it('makes one chain of bastions, each with its own settings', async () => {
        const config = `Host kvm1
  ProxyJump first,op@second:2200
Host first
  ProxyJump zero
  HostName 10.0.0.1
Host second
  ProxyJump never
Host zero
  ProxyCommand nc %h %p
`
        const chain = (await resolve(config)).proxyJump
        expect(chain.map((hop) => `${hop.user.replace(/^(anna|root)$/, 'me')}@${hop.host}:${hop.port}`)).to.deep.equal([
          'me@zero:22',
          'me@10.0.0.1:22',
          'op@second:2200',
        ])
        expect(chain[0]!.proxyCommand).to.equal('nc zero 22')
        expect(chain.slice(1).every((hop) => hop.proxyJump.length === 0 && hop.proxyCommand === undefined)).to.equal(
          true,
        )
      })

      it('names a circle of bastions', async () => {
        const error = await resolve('Host kvm1\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n').catch(
          (e: unknown) => e,
        )
        expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.contains('kvm1 → a → b → a')
      })

      it('tells servers of one address by their ports', async () => {
        const chain = async (config: string, more: Partial<Endpoint> = {}) =>
          (await resolve(config, more)).proxyJump.map(({ host, port }) => `${host}:${port}`)
        expect(await chain('', { address: 'nat', port: 2201, proxyJump: 'nat:2200' })).to.deep.equal(['nat:2200'])
        expect(await chain('', { address: 'nat', port: 2202, proxyJump: 'nat:2200,nat:2201' })).to.deep.equal([
          'nat:2200',
          'nat:2201',
        ])
        expect(await chain('Host nat\n  ProxyJump nat:2200\n', { address: 'nat', port: 2201 })).to.deep.equal([
          'nat:2200',
        ])
        const again = await resolve('', { address: 'nat', port: 2200, proxyJump: 'nat:2200' }).catch((e: unknown) => e)
        expect(again).to.be.instanceOf(ConnectionError).with.property('message').that.contains('nat:2200 → nat:2200')
      })

      it('maps StrictHostKeyChecking, and never loosens it to nothing', async () => {
        const policy = async (value: string, given: Endpoint['hostKeys']['policy'] = 'strict') =>
          (await resolve(`Host *\n  StrictHostKeyChecking ${value}\n`, { hostKeys: { policy: given } })).hostKeys.policy
        expect(await policy('ask')).to.equal('strict')
        expect(await policy('yes', 'accept-new')).to.equal('accept-new')
        expect(await policy('accept-new')).to.equal('accept-new')
        expect(await policy('no')).to.equal('accept-new')
        expect(await policy('yes', 'off')).to.equal('off')
      })

      it('names what only the system’s ssh can do', async () => {
        const config =
          'Host *\n  CertificateFile /k/id-cert.pub\n  PKCS11Provider /lib/p11.so\n  PreferredAuthentications gssapi-with-mic\n'
        expect((await resolve(config)).unsupported).to.deep.equal([
          'CertificateFile /k/id-cert.pub',
          'PKCS11Provider /lib/p11.so',
          'PreferredAuthentications gssapi-with-mic',
        ])
      })

      it('gives names of one group their own answers', async () => {
        const environment = environmentWith(folder.path, 'Host a*\n  Port 2222\nHost b2\n  HostName 10.1.1.1\n', {
          ssh,
        })
        const names = ['a1', 'a2', 'b1', 'b2', 'b3']
        const answers = await Promise.all(names.map((address) => resolveEndpoint({ ...kvm1, address }, environment)))
        expect(answers.map(({ host, port }) => `${host}:${port}`)).to.deep.equal([
          'a1:2222',
          'a2:2222',
          'b1:22',
          '10.1.1.1:22',
          'b3:22',
        ])
      })

      it('refuses addresses that are options, and files it cannot use', async () => {
        for (const address of ['-oProxyCommand=id', 'a b', ''])
          expect(await resolve('', { address }).catch((e: unknown) => e)).to.have.property('failure', 'config')
        expect(await resolve('Host *\n  IdentityFile /k/%q\n').catch((e: unknown) => e)).to.have.property(
          'failure',
          'config',
        )
      })
    })
  }

  it('never runs Match exec without ssh', async () => {
    const proof = folder.file('was-run')
    const environment = environmentWith(
      folder.path,
      `Match exec "touch ${proof}"\n  Port 99\nMatch originalhost kvm*\n  Port 98\n`,
      { ssh: false },
    )
    expect((await resolveEndpoint(kvm1, environment)).port).to.equal(98)
    expect(existsSync(proof)).to.equal(false)
  })

  it('reads Include inside and outside of Host without ssh', async () => {
    const files = {
      'conf.d/1.conf': 'Host kvm1\n  User one\n  Port 1\n',
      'conf.d/2.conf': 'Host *\n  User two\n',
      plain: 'Port 7\n',
    }
    const environment = environmentWith(
      folder.path,
      'Host other\n  Include conf.d/1.conf\nHost *\n  Include plain\n  Include conf.d/*.conf\n',
      { ssh: false, files },
    )
    expect(await resolveEndpoint(kvm1, environment)).to.include({ port: 7, user: 'one' })
  })

  it('says so when Includes never end', async () => {
    const environment = environmentWith(folder.path, 'Include config\n', { ssh: false })
    expect(await resolveEndpoint(kvm1, environment).catch((e: Error) => e.message)).to.contain('too many Includes')
  })

  it('reads files as ssh does', async () => {
    const host = fc.constantFrom('kvm1', 'kvm2', 'kvm*', '*', '!kvm1 *', 'kvm1 kvm2', 'k?m1', 'other')
    const option = fc.constantFrom(
      'Port 1',
      'Port 2',
      'User a',
      'User b',
      'HostName %h.org',
      'HostName x',
      'IdentityFile /a',
      'IdentityFile ~/b',
      'ProxyJump j',
    )
    const section = fc.tuple(
      fc.oneof(
        host.map((h) => `Host ${h}`),
        fc.constantFrom('Match host kvm1,x', 'Match user a', 'Match originalhost kvm2', 'Match all'),
      ),
      fc.array(option, { maxLength: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(section, { maxLength: 4 }),
        fc.constantFrom('kvm1', 'kvm2'),
        async (sections, alias) => {
          const config = sections
            .map(([head, body]) => [head, ...body.map((line) => `  ${line}`)].join('\n'))
            .join('\n')
          const answers = await Promise.all(
            [true, false].map((ssh) =>
              sshOptions({ alias, options: [] }, environmentWith(folder.path, `${config}\n`, { ssh })),
            ),
          )
          const [asked, own] = answers.map((options) => ({
            port: options.get('port')?.[0] ?? '22',
            hostname: (options.get('hostname')?.[0] ?? alias).replaceAll('%h', alias),
            files: options.get('identityfile')?.filter((file) => !file.startsWith('~/.ssh/id_')) ?? [],
            jump: options.get('proxyjump') ?? [],
          }))
          expect(own).to.deep.equal(asked)
        },
      ),
      { numRuns: 40 },
    )
  })
})
