import { expect } from 'chai'
import { ModuleFailure } from '../../../core/module/types.ts'
import mount from '../../../modules/storage/mount.ts'
import nfsExport from '../../../modules/storage/nfs_export.ts'
import { checkState, runState } from '../module-driver.ts'
import { type ModuleLab, openModuleLab } from './lab.ts'

describe('storage modules on a real host', function () {
  this.timeout(300_000)
  let lab: ModuleLab

  before(async () => {
    lab = await openModuleLab()
    await lab.native(
      `printf '# table\\nproc /proc proc defaults 0 0\\n' > /etc/fstab; mkdir -p /srv/vf-src; echo here > /srv/vf-src/file`,
    )
  })
  after(async () => {
    await lab?.native(
      `umount /mnt/vf-* '/mnt/vf tmp' 2>/dev/null; rm -rf /srv/vf-src /mnt/vf* /etc/exports.d/virtfleet.exports; : > /etc/fstab`,
    )
    await lab?.close()
  })

  describe('mount', () => {
    const tmpfs = {
      path: '/mnt/vf tmp',
      src: 'tmpfs',
      fstype: 'tmpfs',
      opts: 'size=8M,mode=0750,nosuid',
      state: 'mounted',
    }
    const show = `findmnt -n -o SOURCE,FSTYPE,OPTIONS '/mnt/vf tmp'; cat /etc/fstab`

    it('mounts a tmpfs, now and at every boot', () =>
      lab.proves(mount, tmpfs, {
        changes: ['/etc/fstab', '/mnt/vf tmp'],
        confirm: show,
        answer:
          /^tmpfs\s+tmpfs\s+rw,nosuid,.*size=8192k,mode=750.*\n# table\nproc \/proc proc defaults 0 0\ntmpfs \/mnt\/vf\\040tmp tmpfs size=8M,mode=0750,nosuid 0 0$/,
      }))

    it('mounts again with other options, keeping its files', async () => {
      await lab.native(`echo kept > '/mnt/vf tmp/f'`)
      await lab.proves(
        mount,
        { ...tmpfs, opts: 'size=16M,mode=0750,nosuid,noexec' },
        {
          changes: ['/etc/fstab', '/mnt/vf tmp options'],
          confirm: `findmnt -n -o OPTIONS '/mnt/vf tmp'; cat '/mnt/vf tmp/f'`,
          answer: /noexec.*size=16384k.*\nkept$/,
        },
      )
    })

    it('repairs a mount that is gone and a line that drifted', async () => {
      await lab.native(`umount '/mnt/vf tmp'; sed -i s/16M/4M/ /etc/fstab; echo '# last' >> /etc/fstab`)
      await lab.proves(mount, tmpfs, {
        changes: ['/etc/fstab', '/mnt/vf tmp'],
        confirm: `findmnt -n -o FSTYPE '/mnt/vf tmp'; tail -n 2 /etc/fstab`,
        answer: 'tmpfs\ntmpfs /mnt/vf\\040tmp tmpfs size=8M,mode=0750,nosuid 0 0\n# last',
      })
    })

    it('unmounts, and forgets', async () => {
      await lab.proves(
        mount,
        { path: '/mnt/vf tmp', state: 'unmounted' },
        { changes: ['/mnt/vf tmp'], confirm: `findmnt '/mnt/vf tmp' || grep -c vf /etc/fstab`, answer: '1' },
      )
      await lab.proves(
        mount,
        { path: '/mnt/vf tmp', state: 'absent' },
        {
          changes: ['/etc/fstab'],
          confirm: `cat /etc/fstab; ls /mnt`,
          answer: '# table\nproc /proc proc defaults 0 0\n# last',
        },
      )
    })

    it('mounts a folder at another place, and read-only when asked', async () => {
      const bind = { path: '/mnt/vf-bind/', src: '/srv/vf-src', fstype: 'none', opts: 'bind', state: 'ephemeral' }
      await lab.proves(mount, bind, {
        changes: ['/mnt/vf-bind'],
        confirm: 'cat /mnt/vf-bind/file; grep -c vf /etc/fstab || :',
        answer: 'here\n0',
      })
      await lab.proves(
        mount,
        { ...bind, opts: 'bind,ro', state: 'mounted' },
        {
          frozen: false,
          changes: ['/etc/fstab', '/mnt/vf-bind options'],
          confirm: 'touch /mnt/vf-bind/x 2>&1 | grep -o Read-only',
          answer: 'Read-only',
        },
      )
      await lab.proves(
        mount,
        { path: '/mnt/vf-bind', state: 'absent' },
        {
          changes: ['/etc/fstab', '/mnt/vf-bind'],
          confirm: 'findmnt /mnt/vf-bind || cat /srv/vf-src/file',
          answer: 'here',
        },
      )
    })

    it('says why something cannot be mounted', async () => {
      const wrong = runState(mount, lab.host, {
        path: '/mnt/vf-none',
        src: '/dev/no-such',
        fstype: 'ext4',
        state: 'ephemeral',
      })
      await wrong.then(
        () => expect.fail('it did not fail'),
        (error) =>
          expect(error)
            .to.be.instanceOf(ModuleFailure)
            .with.property('message')
            .that.matches(/no-such/),
      )
    })
  })

  describe('nfs_export', () => {
    const args = {
      path: '/srv/vf-src/',
      clients: [{ host: '192.0.2.0/24', options: 'rw,sync,no_subtree_check,no_root_squash' }],
    }

    it('tells what it would do, and writes nothing where there is no server', async () => {
      expect((await checkState(nfsExport, lab.frozen, args)).map((one) => one.path)).to.deep.equal([
        '/etc/exports.d/virtfleet.exports',
        '/srv/vf-src to 192.0.2.0/24',
      ])
      await runState(nfsExport, lab.host, args).then(
        () => expect.fail('it did not fail'),
        (error) =>
          expect(error)
            .to.be.instanceOf(ModuleFailure)
            .with.property('message')
            .that.matches(/exportfs was not found/),
      )
      expect(await lab.native('ls /etc/exports.d 2>/dev/null || echo none')).to.equal('none')
    })
  })
})
