import { enqueue } from '@yuzuru/jobs'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { App } from '../app.ts'
import { readRegistration, registerOffice, type Registration } from '../offices/offices.ts'
import { allow } from '../web/access.ts'
import { type AppContext, type Environment, pageContext } from '../web/environment.ts'
import { Fields, type Input } from '../web/fields.ts'
import { Invalid, type Problem } from '../web/invalid.ts'
import type { Language } from '../web/language.ts'
import { Field, Problems } from '../web/form.tsx'
import { Layout } from '../web/layout.tsx'
import { orProblems } from '../web/or-problems.ts'
import { networkOf } from '../web/network.ts'
import { readForm } from '../web/read-form.ts'
import { countSignInMail } from './quota.ts'
import { closeSession, openSession, SESSION_SECONDS } from './session.ts'
import { findLink, linkIsOver } from './sign-in-link.ts'
import { armGuard, expectGuard } from './verify-guard.ts'

export const SESSION_COOKIE = 'session'

/** Registering, verifying an address, signing in by mail, signing out. */
export function signInRoutes(app: App): Hono<Environment> {
  const routes = new Hono<Environment>()
  const secure = app.settings.publicUrl.startsWith('https:')
  const countMailTo = (c: AppContext, address: string): Promise<void> =>
    countSignInMail(app.db, app.settings.appSecret, { address, network: networkOf(c) })

  routes.get('/register', allow('anyone'), (c) => registerPage(c, {}, []))

  routes.post('/register', allow('anyone'), async (c) => {
    const input = await readForm(c)
    const act = async (): Promise<Response> => {
      const registration = readRegistration(input)
      await countMailTo(c, registration.email)
      await registerOrSignIn(app, registration, c.get('language'))
      return await mailSentPage(c)
    }
    return await orProblems(c, act, (problems) => registerPage(c, input, problems))
  })

  routes.get('/sign-in', allow('anyone'), (c) => signInPage(c, {}, []))

  routes.post('/sign-in', allow('anyone'), async (c) => {
    const input = await readForm(c)
    const act = async (): Promise<Response> => {
      const fields = new Fields(input)
      const email = fields.email('email')
      fields.check()
      await countMailTo(c, email)
      await sendLinkTo(app, email, c.get('language'))
      // The same answer either way: who is registered is nobody's business.
      return await mailSentPage(c)
    }
    return await orProblems(c, act, (problems) => signInPage(c, input, problems))
  })

  // A link is followed by mail scanners and previews, too: it shows a page, and only its button signs in.
  routes.get('/verify', allow('anyone'), async (c) => {
    const token = c.req.query('token') ?? ''
    const link = await findLink(app.db, token)
    if (link === undefined) throw linkIsOver()
    return await verifyPage(c, { token, guard: armGuard(c, secure), email: link.email })
  })

  routes.post('/verify', allow('anyone'), async (c) => {
    const { token, guard } = await readForm(c)
    expectGuard(c, guard)
    const session = await openSession(app.db, typeof token === 'string' ? token : '')
    await closeSession(app.db, getCookie(c, SESSION_COOKIE))
    setCookie(c, SESSION_COOKIE, session, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      maxAge: SESSION_SECONDS,
      secure,
    })
    return c.redirect('/home')
  })

  routes.post('/sign-out', allow('anyone'), async (c) => {
    await closeSession(app.db, getCookie(c, SESSION_COOKIE))
    deleteCookie(c, SESSION_COOKIE, { path: '/' })
    return c.redirect('/')
  })

  return routes
}

/** Mails a link to whoever is registered under the address; nothing to anybody else. */
async function sendLinkTo(app: App, email: string, language: Language): Promise<void> {
  const staff = await app.db
    .selectFrom('staff')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirst()
  if (staff === undefined) return
  await enqueue(app.db, app.jobs.sendSignInLink, { staffId: staff.id, language })
}

/** Who is registered already gets a link instead; the asker sees no difference. */
async function registerOrSignIn(
  app: App,
  registration: Registration,
  language: Language,
): Promise<void> {
  try {
    await registerOffice(app, registration, language)
  } catch (error) {
    if (!(error instanceof Invalid) || error.status !== 409) throw error
    await sendLinkTo(app, registration.email, language)
  }
}

/** Says whom the button signs in, so that nobody presses it for another. */
function verifyPage(
  c: AppContext,
  {
    token,
    guard,
    email,
  }: { readonly token: string; readonly guard: string; readonly email: string },
): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: 'ログインの確認', en: 'Sign in?' }}>
      <section>
        <p>
          {
            { ja: `${email} としてログインします。`, en: `You will be signed in as ${email}.` }[
              language
            ]
          }
        </p>
        <form method="post" action="/verify">
          <input type="hidden" name="token" value={token} />
          <input type="hidden" name="guard" value={guard} />
          <button>{{ ja: 'ログインする', en: 'Sign in' }[language]}</button>
        </form>
      </section>
    </Layout>,
  )
}

function registerPage(
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Response | Promise<Response> {
  const language = c.get('language')
  const typed = (name: string): string | undefined => {
    const value = input[name]
    return typeof value === 'string' ? value : undefined
  }
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: '事業所の登録', en: 'Register an office' }}>
      <Problems {...{ problems, language }} fields={['officeName', 'staffName', 'email']} />
      <section>
        <form method="post" action="/register">
          <Field
            name="officeName"
            label={{ ja: '事業所名', en: 'Office' }}
            value={typed('officeName')}
            maxLength={50}
            {...{ language, problems }}
          />
          <Field
            name="staffName"
            label={{ ja: 'お名前', en: 'Your name' }}
            value={typed('staffName')}
            maxLength={50}
            {...{ language, problems }}
          />
          <Field
            name="email"
            type="email"
            label={{ ja: 'メールアドレス', en: 'Mail address' }}
            value={typed('email')}
            maxLength={254}
            {...{ language, problems }}
          />
          <button>{{ ja: '登録する', en: 'Register' }[language]}</button>
        </form>
      </section>
    </Layout>,
  )
}

function signInPage(
  c: AppContext,
  input: Input,
  problems: readonly Problem[],
): Response | Promise<Response> {
  const language = c.get('language')
  const { email } = input
  return c.html(
    <Layout context={pageContext(c)} title={{ ja: 'ログイン', en: 'Sign in' }}>
      <Problems {...{ problems, language }} fields={['email']} />
      <section>
        <form method="post" action="/sign-in">
          <Field
            name="email"
            type="email"
            label={{ ja: 'メールアドレス', en: 'Mail address' }}
            value={typeof email === 'string' ? email : undefined}
            maxLength={254}
            {...{ language, problems }}
          />
          <button>{{ ja: 'ログイン用リンクを送る', en: 'Send me a link' }[language]}</button>
        </form>
        <p>
          <a href="/register">{{ ja: '事業所を登録する', en: 'Register an office' }[language]}</a>
        </p>
      </section>
    </Layout>,
  )
}

function mailSentPage(c: AppContext): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: 'メールをご確認ください', en: 'Check your mail' }}
    >
      <section>
        <p>
          {
            {
              ja: 'リンクを記載したメールをお送りしました。メールのリンクを開いてください。',
              en: 'A mail with a link is on its way. Open the link in it.',
            }[language]
          }
        </p>
        <p class="soft">
          <a href="/inbox">
            {{ ja: 'サンドボックスの受信箱を見る', en: 'Look into the sandbox’s inbox' }[language]}
          </a>
        </p>
      </section>
    </Layout>,
  )
}
