import { type AppContext, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'
import { BUDGET_MS, SLOW_SECONDS, type SlowFigures } from './measure-slow.ts'

const CODE = `await withTimeout(${BUDGET_MS}, () =>
  sql\`select pg_sleep(${SLOW_SECONDS})\`.execute(db),
)`

/** What became of a query that would take longer than its budget, with the code that ran it. */
export function slowPage(
  c: AppContext,
  { error, outcome, cancelMs, callerMs, goneMs }: SlowFigures,
): Response | Promise<Response> {
  const language = c.get('language')
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  const steps = [
    {
      at: 0,
      ja: `${SLOW_SECONDS}秒かかる問い合わせが始まる`,
      en: `A query begins that would take ${SLOW_SECONDS} s`,
    },
    {
      at: cancelMs,
      ja: `${BUDGET_MS} ms の持ち時間が終わり、PostgreSQL に CancelRequest を送りはじめる`,
      en: `The budget of ${BUDGET_MS} ms ends, and a CancelRequest is on its way to PostgreSQL`,
    },
    {
      at: callerMs,
      ja: `呼び出し元が ${error} を受け取る（outcome: ${outcome}）`,
      en: `The caller gets a ${error} (outcome: ${outcome})`,
    },
    {
      at: goneMs,
      ja: 'pg_stat_activity から消えたのを、別の接続で確かめた（サーバーの時計で）',
      en: 'Gone from pg_stat_activity, as another connection saw it, by the server’s clock',
    },
  ].toSorted((one, other) => one.at - other.at)
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{
        ja: `${SLOW_SECONDS}秒の問い合わせを ${BUDGET_MS} ms で`,
        en: `A ${SLOW_SECONDS}-second query within ${BUDGET_MS} ms`,
      }}
    >
      <section>
        <h2>{{ ja: 'いま起きたこと', en: 'What happened just now' }[language]}</h2>
        <table>
          <thead>
            <tr>
              <th scope="col">{{ ja: '時刻', en: 'At' }[language]}</th>
              <th scope="col">{{ ja: 'できごと', en: 'What' }[language]}</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr>
                <td class="figure">{ms(step.at)}</td>
                <td>{step[language]}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <form method="get" action="/slow">
          <button>{{ ja: 'もう一度', en: 'Once more' }[language]}</button>
        </form>
      </section>
      <section>
        <h2>{{ ja: 'そのコード', en: 'The code that did it' }[language]}</h2>
        <pre>
          <code>{CODE}</code>
        </pre>
        <p>
          {
            {
              ja: 'シグナルはどこにも渡していません。この画面を見ている人が閉じても、同じように止まります。',
              en: 'No signal is passed anywhere. Closing the page while it loads ends the query in the same way.',
            }[language]
          }
        </p>
      </section>
    </Layout>,
  )
}
