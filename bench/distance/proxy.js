/*
 * A long way to a TCP port: `node proxy.js HOST PORT RTT_MS`. Prints `listening PORT`, and for each connection, once it is
 * over, one JSON line {ms, turns, bytes}: its time, and the round trips, the opening included. What the near end says is a
 * turn of its own if it can have heard what was answered to the turn before, which takes a round trip's time; packets of
 * older answers that come in between make no turn. Both directions take half of the round trip; TCP's own opening takes one
 * and a half before the far end hears of it. A process of its own, so that nobody's work delays it further.
 */
import { connect, createServer } from 'node:net'

const [host = '', port = '', rtt = ''] = process.argv.slice(2)
const half = Number(rtt) / 2
/** Node's timers end up to a millisecond early, once each way. */
const ANSWER = 2 * half - 2

/** @param {import('node:net').Socket} near */
function pass(near) {
  const opened = performance.now()
  /** When each turn began, and of how many the near end can have heard an answer. */
  const turns = [-Infinity]
  let answered = 1
  let bytes = 0
  /** @type {import('node:net').Socket | undefined} */
  let far
  /** @type {(() => void)[]} */
  const waiting = []
  /** @param {() => void} act */
  const whenFar = (act) => {
    if (far) act()
    else waiting.push(act)
  }
  near.setNoDelay(true)
  setTimeout(() => {
    far = connect(Number(port), host).setNoDelay(true)
    far.on('data', (chunk) => {
      setTimeout(() => {
        while (Number(turns[answered]) <= performance.now() - ANSWER) answered++
        near.write(chunk)
      }, half)
    })
    far.on('end', () => setTimeout(() => near.end(), half))
    far.on('error', () => near.destroy())
    for (const act of waiting) act()
  }, 3 * half)
  near.on('data', (chunk) => {
    if (answered === turns.length) turns.push(performance.now())
    bytes += chunk.length
    // What is said while TCP opens leaves when it is open.
    const early = Math.max(0, opened + 2 * half - performance.now())
    setTimeout(() => whenFar(() => far?.write(chunk)), early + half)
  })
  near.on('end', () => setTimeout(() => whenFar(() => far?.end()), half))
  near.on('error', () => far?.destroy())
  near.on('close', () => {
    process.stdout.write(`${JSON.stringify({ ms: performance.now() - opened, turns: turns.length, bytes })}\n`)
    setTimeout(() => far?.destroy(), 2000).unref()
  })
}

const server = createServer({ allowHalfOpen: true }, pass)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`listening ${typeof address === 'object' ? address?.port : ''}\n`)
})
