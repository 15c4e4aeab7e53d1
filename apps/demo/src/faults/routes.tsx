import { Semaphore } from '@yuzuru/concurrency/sync'
import type { Sandbox } from '@yuzuru/sandbox'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { allow } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { notFound } from '../web/invalid.ts'
import { Layout } from '../web/layout.tsx'
import { type FaultResult, FAULTS, tryFault } from './faults.ts'

/** How many may wait for their fault. */
const MOST_WAITING = 8

/** A button for each fault, what a caller sees of it, and what held. Only a demo has a sandbox to break. */
export function faultRoutes(app: App, sandbox: Sandbox): Hono<Environment> {
  const routes = new Hono<Environment>()
  const one = new Semaphore(1, { name: 'faults' })

  routes.get('/faults', allow('anyone'), (c) => faultsPage(c, undefined))

  routes.post('/faults/:name', allow('anyone'), async (c) => {
    const fault = FAULTS.find(({ name }) => name === c.req.param('name'))
    if (fault === undefined || one.waiting >= MOST_WAITING) {
      throw notFound('name', { ja: 'いまは試せません', en: 'can’t be tried just now' })
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
                ja: 'ボタンを押すと、その境界だけをわざと壊して、呼び出し元に何が見え、何が残ったかを確かめます。',
                en: 'Each button breaks one boundary on purpose, and looks at what the caller sees and what is left.',
              }[language]
            }
          </p>
        </section>
      ) : (
        <section role="status">
          <h2>
            {result.fault.boundary[language]}: {result.fault.text[language]}
          </h2>
          <dl>
            <dt>{{ ja: '見えたもの', en: 'What was seen' }[language]}</dt>
            <dd>
              {result.error === undefined ? (
                {
                  ja: '何も。呼び出しは繰り返されて成功した',
                  en: 'Nothing: the call was repeated, and succeeded',
                }[language]
              ) : (
                <code>{`${result.error.name} ${result.error.code}, outcome: ${result.error.outcome}`}</code>
              )}
            </dd>
            <dt>{{ ja: '残ったもの', en: 'What held' }[language]}</dt>
            <dd>
              <span class={result.held.holds ? 'good' : 'bad'}>
                {result.held.holds ? '✓' : '✗'}
              </span>{' '}
              {result.held.text[language]}
            </dd>
          </dl>
        </section>
      )}
      <div class="cards three">
        {FAULTS.map(({ name, boundary, text }) => (
          <section class="card">
            <h2>{boundary[language]}</h2>
            <form method="post" action={`/faults/${name}`}>
              <button class="second">{text[language]}</button>
            </form>
          </section>
        ))}
      </div>
    </Layout>,
  )
}
