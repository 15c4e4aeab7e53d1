/** A request is a scope: its work ends with it; what is wrong becomes a problem; closing lets all come to an end. */
import { sleep } from '@yuzuru/concurrency'
import { HttpProblem, problem, serve } from '@yuzuru/server'
import { Hono } from 'hono'

const app = new Hono()
app.get('/plans/:id', (c) => {
  if (c.req.param('id') !== '1') throw new HttpProblem(404, 'There is no such plan')
  return c.json({ title: 'Walks' })
})
app.get('/slow', async (c) => {
  await sleep(60_000) // ends with the budget of its request
  return c.text('late')
})
app.onError((error, c) => problem(error, c.req.header('accept')))

await using server = await serve(app, { maxRequestMs: 200 })
for (const path of ['/plans/1', '/plans/2', '/slow']) {
  const answer = await fetch(`${server.url}${path}`, { headers: { connection: 'close' } })
  const { title } = (await answer.json()) as { readonly title: string }
  console.log(answer.status, title)
}

// Prints:
//   200 Walks
//   404 There is no such plan
//   504 Gateway Timeout
