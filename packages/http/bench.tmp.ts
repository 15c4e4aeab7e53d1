import { fork } from 'node:child_process'
import { Pool } from 'undici'
import { createHttp } from './src/index.ts'
const child = fork('/tmp/hb/server.mjs')
const port = await new Promise<number>((r) => child.once('message', (m) => r(m as number)))
const origin = `http://127.0.0.1:${port}`
const N = 20000,
  C = 16
async function loop(f: () => Promise<unknown>) {
  let n = N
  const c0 = process.cpuUsage()
  await Promise.all(
    Array.from({ length: C }, async () => {
      while (n-- > 0) await f()
    }),
  )
  const c = process.cpuUsage(c0)
  return (c.user + c.system) / N
}
const pool = new Pool(origin, { connections: C })
const http = createHttp({ origin, connections: C })
const bare = async () => {
  const r = await pool.request({
    path: '/x',
    method: 'GET',
    headers: { authorization: 'Bearer abc' },
  })
  return await r.body.json()
}
const ours = () => http.json('/x', { headers: { authorization: 'Bearer abc' } })
const f = async () =>
  (await fetch(origin + '/x', { headers: { authorization: 'Bearer abc' } })).json()
await loop(bare)
await loop(ours)
for (let i = 0; i < 4; i++) {
  const a = await loop(bare),
    b = await loop(ours)
  console.log('bare', a.toFixed(1), 'ours', b.toFixed(1), 'ratio', (b / a).toFixed(2))
}
if (process.argv[2]) console.log('fetch', await loop(f))
await http.close()
await pool.close()
child.kill()
