import { Session } from './core/connection/shell/session.ts'
import { main } from './core/cli/main.ts'
const t0 = performance.now()
const run = Session.prototype.run
;(Session.prototype as any).run = function (commands: any) {
  if (process.env.VF_TRACE) process.stderr.write(`${(performance.now()-t0).toFixed(0)} ${this.options.host} batch of ${commands.length}\n`)
  if (process.env.VF_TRACE === '2') for (const c of commands) process.stderr.write('   | ' + c.script.text.slice(0, 150).replace(/\n/g, ' ; ') + '\n')
  return run.call(this, commands)
}
process.exitCode = await main(process.argv.slice(2))
