/*
 * The least that the work takes over SSH from Node.js: one connection a host, one script on it, all hosts at once. Its
 * argument is a JSON file {privateKey, hostKey, hosts: [{address, port, user, script}]}. It prints `host status` lines and
 * fails when a script did. Plain JavaScript, so that its start-up is Node's own.
 */
import { readFileSync } from 'node:fs'
import ssh2 from 'ssh2'

const { privateKey, hostKey, hosts } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const expected = Buffer.from(hostKey.split(' ')[1], 'base64')

/** @param {{ address: string, port: number, user: string, script: string }} host */
function work({ address, port, user, script }) {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.once('error', reject)
    client.once('ready', () => {
      client.exec('exec /bin/sh -s', (error, channel) => {
        if (error) return reject(error)
        let said = ''
        channel.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
          said += text
        })
        channel.stderr.resume()
        channel.once('close', (/** @type {number} */ status) => {
          client.end()
          resolve(`${user} ${status} ${said.split('\n').filter((line) => line.startsWith('changed')).length} changed`)
          if (status !== 0) process.exitCode = 1
        })
        channel.end(script)
      })
    })
    client.connect({
      host: address,
      port,
      username: user,
      privateKey,
      hostVerifier: (/** @type {Buffer} */ key) => key.equals(expected),
      readyTimeout: 120_000,
    })
    client.setNoDelay(true)
  })
}

const said = await Promise.all(hosts.map(work))
process.stdout.write(`${said.join('\n')}\n`)
