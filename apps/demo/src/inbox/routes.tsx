import type { Inbox, InboxMessage } from '@yuzuru/sandbox'
import { Hono } from 'hono'
import { allow } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { formatMoment } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'

const SHOWN = 50

/** What the sandbox's mail server took, newest first, a line each: a demo has no real post. */
export function inboxRoutes(inbox: Inbox): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.get('/inbox', allow('anyone'), (c) => {
    const search = (c.req.query('q') ?? '').slice(0, 200)
    const found = inbox.messages.filter((message) => isFound(message, search)).toReversed()
    return inboxPage(c, search, found)
  })
  return routes
}

function inboxPage(
  c: AppContext,
  search: string,
  found: readonly InboxMessage[],
): Response | Promise<Response> {
  const language = c.get('language')
  const shown = found.slice(0, SHOWN)
  const counted = {
    ja: `${found.length} 通${found.length > SHOWN ? `（新しい ${SHOWN} 通を表示）` : ''}`,
    en: `${found.length} ${found.length === 1 ? 'mail' : 'mails'}${found.length > SHOWN ? `, the newest ${SHOWN} shown` : ''}`,
  }
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: '受信箱（サンドボックス）', en: 'Inbox (sandbox)' }}
    >
      <form method="get" action="/inbox" role="search" class="row">
        <input
          type="search"
          name="q"
          value={search}
          maxlength={200}
          aria-label={
            { ja: '宛先、件名、本文を検索', en: 'Search address, subject and text' }[language]
          }
          placeholder={{ ja: '宛先、件名、本文', en: 'Address, subject or text' }[language]}
        />
        <button class="second">{{ ja: '検索', en: 'Search' }[language]}</button>
      </form>
      <p class="soft" role="status">
        {counted[language]}
      </p>
      {shown.length === 0 ? (
        <section>
          {search === '' ? (
            <p>
              {{ ja: 'まだ届いていません。', en: 'Nothing has arrived yet. ' }[language]}
              <a href="/register">
                {
                  {
                    ja: '事業所を登録すると、確認のメールが届きます',
                    en: 'Register an office, and a mail to confirm it comes',
                  }[language]
                }
              </a>
            </p>
          ) : (
            <p>
              {{ ja: '見つかりませんでした。', en: 'Nothing was found. ' }[language]}
              <a href="/inbox">{{ ja: 'すべて見る', en: 'Show all' }[language]}</a>
            </p>
          )}
        </section>
      ) : (
        <section class="mails">
          {shown.map((message) => (
            <details open={shown.length === 1}>
              <summary>
                <strong>{message.subject}</strong>
                <span>{message.envelope.to.join(', ')}</span>
                <time datetime={message.receivedAt.toISOString()}>
                  {formatMoment(message.receivedAt, language)}
                </time>
              </summary>
              <pre>{linked(message.text)}</pre>
            </details>
          ))}
        </section>
      )}
    </Layout>,
  )
}

/** Whether each word of a search is in the address, the subject or the text, whatever its width and case. */
function isFound({ subject, envelope, text }: InboxMessage, search: string): boolean {
  const all = plain([subject, ...envelope.to, text].join('\n'))
  return plain(search)
    .split(/\s+/)
    .every((word) => all.includes(word))
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** The text with its links made clickable; everything else is escaped by JSX. */
function linked(text: string): unknown[] {
  return text
    .split(/(http:\/\/127\.0\.0\.1:\d+\/\S+)/)
    .map((part, index) => (index % 2 === 1 ? <a href={part}>{part}</a> : part))
}
