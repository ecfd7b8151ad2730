import { expect } from 'chai'
import cloudInit from '../../../modules/libvirt/cloud_init.ts'
import { checkState, runState } from '../module-driver.ts'
import { type ModuleLab, openModuleLab } from '../modules/lab.ts'

const SEED = '/srv/vf-seed.iso'
const TASK = { dest: SEED, hostname: 'web1', instance_id: 'i-1', user_data: { packages: ['vim'] } }

describe('cloud_init on a real host', function () {
  this.timeout(300_000)
  let lab: ModuleLab
  before(async () => {
    lab = await openModuleLab('libvirt')
    await lab.native(`rm -f ${SEED} /srv/vf-disk`)
  })
  after(async () => {
    await lab.native(`rm -f ${SEED} /srv/vf-disk`)
    await lab.close()
  })

  it('puts the image there, from nothing and from a drifted one', async () => {
    const confirm = `blkid -p -s LABEL -o value ${SEED}; stat -c %a ${SEED}; grep -ac 'local-hostname: web1' ${SEED}`
    const result = await lab.proves(cloudInit, TASK, { changes: ['content'], confirm, answer: /^cidata\n600\n1$/ })
    expect(result.instance_id).to.equal('i-1')
    expect(result.files).to.deep.equal(['meta-data', 'user-data'])
    await lab.native(`chmod 644 ${SEED}`)
    await lab.proves(cloudInit, TASK, { changes: ['mode'], confirm: `stat -c %a ${SEED}`, answer: '600' })
    await lab.native(`printf X | dd of=${SEED} bs=1 seek=60000 conv=notrunc 2>/dev/null`)
    await lab.proves(cloudInit, TASK, { changes: ['content'], confirm, answer: /^cidata\n600\n1$/ })
  })

  it('is a CD-ROM that QEMU knows for a raw image without a backing', async () => {
    const info = await lab.native(`qemu-img info --output=json ${SEED}`)
    expect(JSON.parse(info)).to.include({ format: 'raw' })
  })

  it('tells what would change in it by names only', async () => {
    const changes = await checkState(cloudInit, lab.host, { ...TASK, user_data: { password: 'geheim-geheim' } })
    expect(changes.map((one) => one.note)).to.deep.equal(['user-data: password'])
    expect(JSON.stringify(changes)).not.to.include('geheim')
  })

  it('removes it, and nothing that is no image', async () => {
    await lab.proves(
      cloudInit,
      { dest: SEED, state: 'absent' },
      { confirm: `ls ${SEED} 2>&1 | wc -l; [ ! -e ${SEED} ]`, answer: '1' },
    )
    await lab.native('qemu-img create -q -f qcow2 /srv/vf-disk 1M')
    for (const state of ['present', 'absent'])
      await runState(cloudInit, lab.host, { dest: '/srv/vf-disk', state }).then(
        () => expect.fail('taken'),
        (error: Error) => expect(error.message).to.include('left alone'),
      )
    expect(await lab.native('qemu-img info /srv/vf-disk | grep -c qcow2')).to.not.equal('0')
  })
})
