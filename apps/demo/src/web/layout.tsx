import type { Child, FC } from 'hono/jsx'
import { FONTS_PATH } from '../fonts/fonts-path.ts'
import type { Staff } from '../offices/staff.ts'
import type { Problem } from './invalid.ts'
import type { Language, Text } from './language.ts'
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
  ['/day', { ja: '一日の記録', en: 'The day' }],
  ['/jobs', { ja: 'ジョブ', en: 'Jobs' }],
  ['/mails', { ja: 'メールの見本', en: 'Mails' }],
  ['/inbox', { ja: '受信箱（サンドボックス）', en: 'Inbox (sandbox)' }],
]

/** What every page needs to know. */
export interface PageContext {
  readonly language: Language
  readonly staff: Staff | undefined
  readonly path: string
}

/** The frame around every page. */
export const Layout: FC<{ context: PageContext; title: Text; children?: Child }> = ({
  context: { language, staff, path },
  title,
  children,
}) => {
  const links = [...(staff === undefined ? [] : NAVIGATION), ...OPEN_TO_ALL]
  const other: Language = language === 'ja' ? 'en' : 'ja'
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title[language]} | けいかくん`}</title>
        <link rel="stylesheet" href={FONTS_PATH} />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <header>
          <a class="brand" href="/">
            けいかくん
          </a>
          <nav>
            {links.map(([href, text]) => (
              <a href={href} aria-current={path === href ? 'page' : undefined}>
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
            {/* Only a query: a path in front of it could name another host. */}
            <a href={`?lang=${other}`} lang={other}>
              {other === 'ja' ? '日本語' : 'English'}
            </a>
          </div>
        </header>
        <main>
          <h1>{title[language]}</h1>
          {children}
        </main>
      </body>
    </html>
  )
}

/** What is wrong with the input, above the form that holds what was typed. */
export const Problems: FC<{ problems: readonly Problem[]; language: Language }> = ({
  problems,
  language,
}) =>
  problems.length === 0 ? null : (
    <div class="problems" role="alert">
      <ul>
        {problems.map(({ field, text }) => (
          <li data-field={field}>{text[language]}</li>
        ))}
      </ul>
    </div>
  )

/** A labelled field that keeps what was typed and tells what is wrong with it. */
export const Field: FC<{
  name: string
  label: Text
  language: Language
  type?: string
  value?: string | undefined
  problems?: readonly Problem[]
  maxLength?: number
  children?: Child
}> = ({ name, label, language, type = 'text', value, problems = [], maxLength, children }) => {
  const problem = problems.find(({ field }) => field === name)
  const id = `field-${name}`
  return (
    <p class={problem === undefined ? 'field' : 'field wrong'}>
      <label for={id}>{label[language]}</label>
      {children ?? (
        <input
          id={id}
          name={name}
          type={type}
          value={value}
          maxlength={maxLength}
          required
          aria-invalid={problem === undefined ? undefined : 'true'}
        />
      )}
      {problem === undefined ? null : <span class="problem">{problem.text[language]}</span>}
    </p>
  )
}
