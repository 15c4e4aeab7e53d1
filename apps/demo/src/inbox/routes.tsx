import { Hono } from 'hono'
import type { Inbox } from '@yuzuru/sandbox'
import { allow } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { formatMoment } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'

const SHOWN = 50

/** What the sandbox's mail server took, newest first: a demo has no real post. */
export function inboxRoutes(inbox: Inbox): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.get('/inbox', allow('anyone'), (c) => {
    const language = c.get('language')
    const newest = inbox.messages.slice(-SHOWN).toReversed()
    return c.html(
      <Layout
        context={pageContext(c)}
        title={{ ja: '受信箱（サンドボックス）', en: 'Inbox (sandbox)' }}
      >
        <p class="soft">
          {
            {
              ja: `${inbox.messages.length} 通中、新しい ${newest.length} 通`,
              en: `The newest ${newest.length} of ${inbox.messages.length}`,
            }[language]
          }
        </p>
        {newest.map((message) => (
          <section>
            <h2>{message.subject}</h2>
            <p class="soft">
              {message.envelope.to.join(', ')} · {formatMoment(message.receivedAt, language)}
            </p>
            <pre>{linked(message.text ?? '')}</pre>
          </section>
        ))}
      </Layout>,
    )
  })
  return routes
}

/** The text with its links made clickable; everything else is escaped by JSX. */
function linked(text: string): unknown[] {
  return text
    .split(/(http:\/\/127\.0\.0\.1:\d+\/\S+)/)
    .map((part, index) => (index % 2 === 1 ? <a href={part}>{part}</a> : part))
}
