/**
 * A client in a process of its own: `key-process.ts <url> <onConflict> <from> <dies at>`. In the transaction of its call number
 * `<dies at>` it kills itself; 0 for never.
 */
import type { KeyConflict } from '../src/job/job.ts'
import { changeKeys, keyed } from './keyed.ts'
import { openKysely } from './open-kysely.ts'
import './keep-compiled.ts'

const [url = '', onConflict = 'skip', from = '0', diesAt = '0'] = process.argv.slice(2)
const db = openKysely(url, 2)
try {
  await changeKeys(
    db,
    keyed(onConflict as KeyConflict, async () => undefined),
    {
      from: Number(from),
      onCall: (call) => {
        if (diesAt !== '0' && call === Number(diesAt)) process.kill(process.pid, 'SIGKILL')
      },
    },
  )
} finally {
  await db.destroy()
}
