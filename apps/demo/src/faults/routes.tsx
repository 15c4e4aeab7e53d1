import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Sandbox } from '@yuzuru/sandbox'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { failureOf } from '../web/failure.tsx'
import type { FC } from 'hono/jsx'
import type { Language } from '../web/language.ts'
import { notFound, tooMany } from '../web/invalid.ts'
import { Layout } from '../web/layout.tsx'
import { BOUNDARIES } from './boundaries.ts'
import { FAULTS } from './faults.ts'
import type { Fault } from './fault.ts'
import { type FaultResult, tryFault } from './try-fault.ts'

/** How many may wait for their fault. */
const MOST_WAITING = 8

/** A button for each fault, what a caller sees of it, and what held. Only a demo has a sandbox to break. */
export function faultRoutes(app: App, sandbox: Sandbox): Hono<Environment> {
  const routes = new Hono<Environment>()
  const one = new Semaphore(1, { name: 'faults' })

  routes.get('/faults', allow('anyone'), (c) => faultsPage(c, undefined))

  routes.post('/faults/:name', allow('anyone'), async (c) => {
    const fault = FAULTS.find(({ name }) => name === c.req.param('name'))
    if (fault === undefined) {
      throw notFound('name', { ja: 'この故障はありません', en: 'there is no such fault' })
    }
    if (one.waiting >= MOST_WAITING) {
      const text = {
        ja: 'ほかの人の故障が終わるまでお待ちください',
        en: 'is being tried by others: please wait until they are through',
      }
      throw tooMany('name', text)
    }
    using _permit = await one.acquire()
    return await faultsPage(c, await tryFault(fault, sandbox, app.settings, app))
  })

  return routes
}

function faultsPage(c: AppContext, result: FaultResult | undefined): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: 'わざと壊す', en: 'Faults on purpose' }}>
      {result === undefined ? (
        <section>
          <p>
            {
              {
                ja: 'ボタンを押すと、その境界だけをわざと壊して、使う人に何が見え、何が残ったかを確かめます。壊れるのは、そのためだけに開いた線です。',
                en: 'Each button breaks one boundary on purpose, and looks at what the user sees and what is left. What breaks is a line that was opened for it alone.',
              }[language]
            }
          </p>
        </section>
      ) : (
        <Result result={result} language={language} />
      )}
      <div class="cards three">
        {Object.values(BOUNDARIES).map((boundary) => (
          <section class="card">
            <h2>
              {boundary.title[language]} <small class="soft">{`@yuzuru/${boundary.name}`}</small>
            </h2>
            {FAULTS.filter((fault) => fault.boundary === boundary).map(({ name, text }) => (
              <form method="post" action={`/faults/${name}`}>
                <button class="second">{text[language]}</button>
              </form>
            ))}
          </section>
        ))}
      </div>
    </Layout>,
  )
}

const Result: FC<{ result: FaultResult; language: Language }> = ({
  result: { fault, error, held },
  language,
}) => (
  <section role="status">
    <h2>
      {fault.boundary.title[language]}: {fault.text[language]}
    </h2>
    <dl>
      <dt>{{ ja: '呼び出し', en: 'The call' }[language]}</dt>
      <dd>
        <pre>
          <code>{fault.code}</code>
        </pre>
      </dd>
      <dt>{{ ja: '使う人に見えたもの', en: 'What the user saw' }[language]}</dt>
      <dd>
        {error === undefined
          ? {
              ja: '何も。呼び出しは成功した',
              en: 'Nothing: the call succeeded',
            }[language]
          : failureOf(error, error.outcome).text[language]}
      </dd>
      {error === undefined ? null : (
        <>
          <dt>{{ ja: 'コードに見えたもの', en: 'What the code saw' }[language]}</dt>
          <dd>
            <code>{`${error.name} ${error.code}, outcome: ${error.outcome}`}</code>
          </dd>
        </>
      )}
      <dt>{{ ja: '残ったもの', en: 'What held' }[language]}</dt>
      <dd>
        <span class={held.holds ? 'good' : 'bad'}>
          {held.holds ? '✓ ' : { ja: '✗ 不成立: ', en: '✗ does not hold: ' }[language]}
        </span>
        {held.text[language]}
      </dd>
      <dt>{{ ja: 'それを約束する保証', en: 'The guarantee that says so' }[language]}</dt>
      <dd>{guaranteeOf(fault)}</dd>
    </dl>
  </section>
)

/** Where its text is, and the test that shows it. */
function guaranteeOf({ boundary, guarantee }: Fault): string {
  return `packages/${boundary.name}/GUARANTEES.md, ${guarantee}`
}
