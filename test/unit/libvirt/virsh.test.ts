import { spawn } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ShellText } from '../../../core/connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../../core/connection/types.ts'
import { fleetMac } from '../../../core/libvirt/identity/mac.ts'
import { fleetUuid, uuid5 } from '../../../core/libvirt/identity/uuid.ts'
import { LibvirtError, LibvirtLost, LibvirtNotAsked } from '../../../core/libvirt/types.ts'
import { errorText, libvirtError, sinceReconnected } from '../../../core/libvirt/virsh/errors.ts'
import { splitFrames } from '../../../core/libvirt/virsh/script.ts'
import { domainStates, leaseRows, stateRows, uuidNames } from '../../../core/libvirt/virsh/tables.ts'
import { createVirsh } from '../../../core/libvirt/virsh/virsh.ts'

/** A real shell and a real virsh, with libvirt's test driver: its hypervisor lives in the process. */
function driver(uri = 'test:///default', preamble = '') {
  let scripts = 0
  const run = (script: ShellText, options: CommandOptions = {}): Promise<CommandResult> => {
    scripts++
    return new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', preamble + script.text])
      const out: Buffer[] = []
      const err: Buffer[] = []
      child.stdout.on('data', (d: Buffer) => out.push(d))
      child.stderr.on('data', (d: Buffer) => err.push(d))
      child.on('close', (status) =>
        resolve({
          status: status ?? 255,
          stdout: Buffer.concat(out),
          stderr: Buffer.concat(err),
          merged: false,
          durationMs: 0,
        }),
      )
      child.stdin.end(options.stdin ?? '')
    })
  }
  return { libvirt: createVirsh({ uri, read: run, run }), scripts: () => scripts }
}

const XML = "<domain type='test'><name>v1</name><memory>1024</memory><os><type>hvm</type></os></domain>"

describe('libvirt by virsh', () => {
  it('sends what is asked in one tick as one script', async () => {
    const { libvirt, scripts } = driver()
    const [available, domains, networks, pools, none] = await Promise.all([
      libvirt.available(),
      libvirt.domains(),
      libvirt.networks(),
      libvirt.pools(),
      libvirt.domainXml('nobody'),
    ])
    expect(scripts()).to.equal(1)
    expect(available).to.have.property('ok', true)
    expect(domains.map((d) => [d.name, d.state, d.persistent])).to.deep.equal([['test', 'running', true]])
    expect(networks[0]).to.include({ name: 'default', active: true, uuid: 'dd8fe884-6c02-601e-7551-cca97df1c5df' })
    expect(pools[0]).to.include({ name: 'default-pool', active: true, persistent: true })
    expect(none).to.equal(undefined)
  })

  it('tells a daemon that went away at work from one that was never reached', async () => {
    const gone = [
      'End of file while reading data: Input/output error',
      // As virsh 9.0 says it of a domain that it could not ask for: not that there is none.
      "Disconnected from qemu:///system due to end of file\nfailed to get domain 'v1'",
      'Failed to define domain from /dev/stdin\nCannot recv data: Connection reset by peer',
      'internal error: client socket is closed',
    ]
    for (const text of gone)
      expect(libvirtError(text), text).to.be.instanceOf(LibvirtLost).with.property('code', undefined)
    const never = [
      "failed to connect to the hypervisor\nFailed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused",
      'failed to connect to the hypervisor\nCannot recv data: Connection reset by peer',
      "failed to get domain 'v1'",
    ]
    for (const text of never) expect(libvirtError(text), text).not.to.be.instanceOf(LibvirtLost)
    // What a virsh that is killed has asked for before, nobody knows.
    const { libvirt } = driver('test:///default', 'virsh() { kill -9 $$; }\n')
    const error = await libvirt.defineDomain(XML).catch((e: unknown) => e)
    expect(error).to.be.instanceOf(LibvirtLost)
  })

  it('takes what is said on a new connection for the answer', () => {
    const again = 'error: Disconnected from qemu:///system due to end of file\nerror: Reconnected to the hypervisor\n'
    expect(sinceReconnected(`${again}running\n`)).to.equal('running\n')
    expect(errorText(sinceReconnected(`${again}error: failed to get domain 'v1'\n`))).to.equal(
      "failed to get domain 'v1'",
    )
    // Texts of users stay what they are.
    const xml = '<domain>\nerror: Reconnected to the hypervisor\n</domain>\n'
    expect(sinceReconnected(xml)).to.equal(xml)
  })

  it('gives each call its own error, also where virsh refuses the whole line', async () => {
    const { libvirt } = driver()
    const results = await Promise.allSettled([
      libvirt.query(['list', '--bogus']),
      libvirt.query(['domstate', '--domain=test']),
      libvirt.query(['domstate', '--domain=nobody']),
    ])
    expect(results.map((r) => r.status)).to.deep.equal(['rejected', 'fulfilled', 'rejected'])
    expect((results[2] as PromiseRejectedResult).reason)
      .to.be.instanceOf(LibvirtError)
      .with.property('code', 42)
  })

  it('hands over XML by stdin, and takes a hostile name for a name', async () => {
    const { libvirt } = driver()
    await libvirt.defineDomain(XML)
    const refusal = await libvirt.defineDomain('<domain/>').catch((error: unknown) => error)
    expect(refusal).to.be.instanceOf(LibvirtError)
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[ -~]{1,12}$/), async (name) => {
        if (name === 'test' || /^\s*\d+\s*$/.test(name)) return
        const results = await Promise.all([libvirt.domainXml(name), libvirt.domainXml('test')])
        expect(results[0]).to.equal(undefined)
        expect(results[1]).to.include('<name>test</name>')
      }),
      { numRuns: 12 },
    )
  })

  it('takes no answer from a host that could not ask', async () => {
    for (const [fault, text] of [
      ['mktemp() { return 1; }', /^no folder for a temporary file/],
      ['awk() { echo "incompatible: No space left" >&2; return 2; }', /No space left/],
    ] as const) {
      const { libvirt } = driver('test:///default', `${fault}\n`)
      const error = await libvirt
        .query(['hypervisor-cpu-compare', '--file'], { xml: '<cpu/>' })
        .catch((e: unknown) => e)
      expect(error).to.be.instanceOf(LibvirtNotAsked)
      expect((error as Error).message).to.match(text)
    }
    const refused = await driver()
      .libvirt.query(['define', '--file'], { xml: '<cpu/>' })
      .catch((e: unknown) => e)
    expect(refused).to.be.instanceOf(LibvirtError).and.not.instanceOf(LibvirtNotAsked)
  })

  it('says why libvirt does not answer', async () => {
    expect(await driver('qemu+unix:///system?socket=/nowhere').libvirt.available()).to.deep.equal({
      ok: false,
      reason: 'not running',
    })
  })

  it('takes a cut answer for none', () => {
    expect(splitFrames('noise n.0.a\nn.1.b\nn.end.', 'n', 2)).to.deep.equal({ frames: ['a\n', 'b\n'], noise: 'noise ' })
    expect(splitFrames('n.0.a\nn.1.b', 'n', 3).frames).to.deep.equal(['a\n', undefined, undefined])
  })

  it('knows an error from XML that contains one', () => {
    expect(errorText('ok\nerror: failed\nerror: because\n')).to.equal('failed\nbecause')
    expect(errorText('<domain>\nerror: not one\n</domain>\n')).to.equal(undefined)
    expect(errorText('fine\n')).to.equal(undefined)
  })

  it('reads tables with spaces in names', () => {
    expect(uuidNames(' 6695eb01-f6a4-8304-79aa-97f2502e193f my vm 2 \n')).to.deep.equal([
      { uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', name: 'my vm 2' },
    ])
    expect(stateRows(' a net   active   no   yes\n b inactive yes no\n')).to.deep.equal([
      { name: 'a net', active: true, flags: [false, true] },
      { name: 'b', active: false, flags: [true, false] },
    ])
    expect(domainStates("Domain: 'a b'\n  state.state=3\n  state.reason=5\n").get('a b')).to.deep.equal({
      state: 3,
      reason: 5,
    })
    expect(leaseRows(' 2026-01-01 10:00:00   52:54:00:00:00:01   ipv4   10.0.0.5/24   web   ff:aa\n')).to.deep.equal([
      { mac: '52:54:00:00:00:01', address: '10.0.0.5', expiry: '2026-01-01 10:00:00', hostname: 'web' },
    ])
  })

  it('computes identities that stay, and collide with nobody', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).to.equal(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    )
    expect(fleetUuid('a', 'domain', 'v')).not.to.equal(fleetUuid('b', 'domain', 'v'))
    const first = fleetMac('a', 'v', 0)
    expect(first).to.match(/^52:54:00(:[0-9a-f]{2}){3}$/)
    expect(fleetMac('a', 'v', 0, new Set([first]))).not.to.equal(first)
    expect(fleetMac('a', 'v', 0, new Set([first]))).to.equal(fleetMac('a', 'v', 0, new Set([first])))
  })
})
