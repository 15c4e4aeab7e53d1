import { gather, moveOnAfter, sleep } from '@yuzuru/concurrency'
import { formatTaskTree, trackWaits } from '@yuzuru/concurrency/inspect'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { Hono } from 'hono'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'
import { Live } from '../web/live.tsx'

/** How soon the tree is looked at again, in seconds. */
const LOOK_AGAIN = 1

/** How long the example lasts at the most, in milliseconds. */
const EXAMPLE_MS = 10_000

/** The live task tree of this process, and some work to look at. */
export function treeRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  let running = false
  trackWaits()

  routes.get('/tree', allow('anyone'), (c) => treePage(c, running))

  routes.post('/tree/example', allow('anyone'), (c) => {
    if (!running) {
      running = true
      app.background.start('the example of /tree', async () => {
        try {
          await example(app)
        } finally {
          running = false
        }
      })
    }
    return c.redirect('/tree')
  })

  return routes
}

/** Three read from the database, two at a time, and one sleeps; all of it has ten seconds. */
async function example({ db }: App): Promise<void> {
  const two = new Semaphore(2, { name: 'two at a time' })
  const read = async (): Promise<void> => {
    using _permit = await two.acquire()
    await sql`select pg_sleep(4)`.execute(db)
  }
  await moveOnAfter(
    EXAMPLE_MS,
    () => gather({ one: read, two: read, three: read, pause: () => sleep(9_000) }),
    {
      name: 'the example',
    },
  )
}

function treePage(c: AppContext, running: boolean): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: 'いま動いているタスク', en: 'The tasks right now' }}
      refreshSeconds={LOOK_AGAIN}
    >
      <section>
        <p>
          {
            {
              ja: 'このプロセスのスコープとタスクの木です。それぞれが何を、どれだけ待っているかが見えます。1秒ごとに新しくなります。',
              en: 'The scopes and tasks of this process: what each waits on, and for how long. It is looked at again every second.',
            }[language]
          }
        </p>
        <form method="post" action="/tree/example">
          <button disabled={running}>
            {
              {
                ja: '三つの読み取りを、二つずつ走らせる',
                en: 'Run three reads, two at a time',
              }[language]
            }
          </button>
        </form>
      </section>
      <section>
        <Live seconds={LOOK_AGAIN} quiet>
          <pre class="tree" tabindex={0}>
            {formatTaskTree({ limit: 12, total: 120 })}
          </pre>
        </Live>
      </section>
    </Layout>,
  )
}
