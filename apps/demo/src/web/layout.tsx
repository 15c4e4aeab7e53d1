import type { Child, FC } from 'hono/jsx'
import { isOfDashboard } from '../dashboards/paths.ts'
import { FONTS_PATH } from '../fonts/fonts-path.ts'
import type { Staff } from '../offices/staff.ts'
import type { Language, Text } from './language.ts'
import { noticeOf } from './notices.ts'
import { STYLE } from './style.ts'

const NAVIGATION: readonly (readonly [string, Text])[] = [
  ['/home', { ja: 'ホーム', en: 'Home' }],
  ['/plans', { ja: '支援計画', en: 'Support plans' }],
  ['/requests', { ja: '申請', en: 'Requests' }],
  ['/billing', { ja: 'お支払い', en: 'Billing' }],
  ['/calendar', { ja: 'カレンダー', en: 'Calendar' }],
]

const OPEN_TO_ALL: readonly (readonly [string, Text])[] = [
  ['/await', { ja: 'await とは', en: 'await' }],
  ['/slow', { ja: '持ち時間', en: 'Budget' }],
  ['/tree', { ja: 'タスク', en: 'Tasks' }],
  ['/faults', { ja: '故障', en: 'Faults' }],
  ['/day', { ja: '一日', en: 'The day' }],
  ['/jobs', { ja: 'ジョブ', en: 'Jobs' }],
  ['/mails', { ja: 'メールの見本', en: 'Mails' }],
  ['/inbox', { ja: '受信箱', en: 'Inbox' }],
]

/** What every page needs to know. */
export interface PageContext {
  readonly language: Language
  readonly staff: Staff | undefined
  readonly path: string
  /** What its address asks for, from `?` on: the page in the other language is asked for the same. */
  readonly query: string
  /** Where the page is, when it answers a form that is sent elsewhere. */
  readonly page?: string
  /** What was done just now, by its name in the address. */
  readonly done?: string | undefined
}

/** The frame around every page. */
export const Layout: FC<{
  context: PageContext
  title: Text
  /** How soon it is loaded again where there is no script. */
  refreshSeconds?: number | undefined
  children?: Child
}> = ({ context: { language, staff, path, query, page = '', done }, title, ...rest }) => {
  const { refreshSeconds, children } = rest
  const links = [...(staff === undefined ? [] : NAVIGATION), ...OPEN_TO_ALL]
  const other: Language = language === 'ja' ? 'en' : 'ja'
  const notice = noticeOf(done)
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {refreshSeconds === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshSeconds)} />
          </noscript>
        )}
        <title>{`${title[language]} | けいかくん`}</title>
        <link rel="stylesheet" href={FONTS_PATH} />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <a class="skip" href="#main">
          {{ ja: '本文へ', en: 'Skip to the content' }[language]}
        </a>
        <header>
          <a class="brand" href="/">
            けいかくん
          </a>
          <nav aria-label={{ ja: '主なページ', en: 'Main pages' }[language]}>
            {links.map(([href, text]) => (
              <a
                href={isOfDashboard(href) ? `${href}?lang=${language}` : href}
                aria-current={isWithin(path, href) ? 'page' : undefined}
              >
                {text[language]}
              </a>
            ))}
          </nav>
          <div class="who">
            {staff === undefined ? (
              <a href="/sign-in">{{ ja: 'ログイン', en: 'Sign in' }[language]}</a>
            ) : (
              <form method="post" action="/sign-out">
                <span>{staff.name}</span>
                <button class="quiet">{{ ja: 'ログアウト', en: 'Sign out' }[language]}</button>
              </form>
            )}
            {/* Of the address only the query: a path in front of it could name another host. */}
            <a href={`${page}${queryIn(other, query)}`} lang={other}>
              {other === 'ja' ? '日本語' : 'English'}
            </a>
          </div>
        </header>
        <main id="main">
          {notice === undefined ? null : (
            <p class="done" role="status">
              {notice[language]}
            </p>
          )}
          <h1>{title[language]}</h1>
          {children}
        </main>
      </body>
    </html>
  )
}

function isWithin(path: string, href: string): boolean {
  return path === href || path.startsWith(`${href}/`)
}

/** The same query, in another language. */
function queryIn(language: Language, query: string): string {
  const fields = new URLSearchParams(query)
  fields.set('lang', language)
  return `?${fields.toString()}`
}
