import { withTimeout } from '@yuzuru/concurrency'
import { Semaphore } from '@yuzuru/concurrency/sync'
import { Hono } from 'hono'
import { sql } from 'kysely'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import type { Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import { measureAwait, readBoth } from './measure.ts'

/** What the page may cost, in milliseconds, and how long its query would take. */
export const BUDGET_MS = 300
const SLOW_SECONDS = 5

/** What the slow query is known by in `pg_stat_activity`. */
export const SLOW_MARK = 'keikaku_slow_page'

/** What `await` costs and what it does not, measured when the page is asked for; and a query cut short. */
export function awaitRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  // Two measurements at once would measure each other.
  const measuring = new Semaphore(1, { name: 'measuring await' })

  routes.get('/await', allow('anyone'), async (c) => {
    const language = c.get('language')
    using _ = await measuring.acquire()
    const figures = await measureAwait(app.db)
    const rows: readonly (readonly [Text, number])[] = [
      [
        { ja: '30 ms の読み取り2回、ひとつずつ', en: 'Two 30 ms reads, one after the other' },
        figures.oneAfterTheOther,
      ],
      [{ ja: '同じ2回を、いっしょに', en: 'The same two, together' }, figures.together],
      [{ ja: 'その画面を同時に100回', en: 'A hundred such pages at once' }, figures.hundredAtOnce],
      [
        { ja: '1秒の待ちを同時に100個', en: 'A hundred one-second waits' },
        figures.hundredOneSecondWaits,
      ],
    ]
    return await c.html(
      <Layout
        context={pageContext(c)}
        title={{ ja: 'await は「待つ」ではなく「譲る」', en: 'await means to yield' }}
      >
        <section>
          <p>
            {
              {
                ja: 'いま、この画面のために測りました。待っている間、イベントループは他の仕事をしています。',
                en: 'Measured just now, for this page. While it waited, the event loop did other work.',
              }[language]
            }
          </p>
          <table>
            {rows.map(([text, ms]) => (
              <tr>
                <td>{text[language]}</td>
                <td class="number">{`${ms.toFixed(0)} ms`}</td>
              </tr>
            ))}
          </table>
        </section>
        <section>
          <p>
            <a href="/slow">
              {
                {
                  ja: `${SLOW_SECONDS}秒かかる問い合わせを、${BUDGET_MS} ms の持ち時間で`,
                  en: `A ${SLOW_SECONDS}-second query within a budget of ${BUDGET_MS} ms`,
                }[language]
              }
            </a>
          </p>
        </section>
      </Layout>,
    )
  })

  routes.get('/api/v1/reads', allow('anyone'), async (c) => {
    await readBoth(app.db)
    return c.json({ reads: 2 })
  })

  for (const path of ['/slow', '/api/v1/slow']) {
    routes.get(path, allow('anyone'), async (c) => {
      // No signal is passed, and yet the query ends on the server when the budget does.
      await withTimeout(
        BUDGET_MS,
        () => sql`select pg_sleep(${SLOW_SECONDS}) as ${sql.ref(SLOW_MARK)}`.execute(app.db),
        { name: 'the slow page' },
      )
      return c.text('The query was faster than its own sleep')
    })
  }

  return routes
}
