/**
 * A client in a process of its own: `key-process.ts <url> <from> <dies at>`. In the transaction of its call number `<dies at>` it
 * kills itself; -1 for never.
 */
import { changeKeys, keyed } from './keyed.ts'
import { openKysely } from './open-kysely.ts'
import './keep-compiled.ts'

const [url = '', from = '0', diesAt = '-1'] = process.argv.slice(2)
const db = openKysely(url, 2)
try {
  const jobs = keyed(async () => undefined)
  await changeKeys(db, jobs, {
    from: Number(from),
    onCall: (call) => {
      if (call === Number(diesAt)) process.kill(process.pid, 'SIGKILL')
    },
  })
} finally {
  await db.destroy()
}
