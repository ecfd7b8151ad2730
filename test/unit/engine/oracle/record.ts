import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askAnsible, CASES } from './ansible.ts'

/* Records what ansible-playbook answers: npx tsx test/unit/engine/oracle/record.ts */

const answers = Object.fromEntries(CASES.map((one) => [one.name, askAnsible(join(import.meta.dirname, 'cases'), one)]))
writeFileSync(join(import.meta.dirname, 'answers.json'), `${JSON.stringify(answers, null, 1)}\n`)
