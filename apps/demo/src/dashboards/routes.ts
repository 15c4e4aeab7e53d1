import { dashboard } from '@yuzuru/jobs/dashboard'
import { previews } from '@yuzuru/mail/previews'
import { Hono } from 'hono'
import type { App } from '../app.ts'
import { noticeMails } from '../billing/billing-notices.ts'
import { reminderMail } from '../reminders/remind-staff.ts'
import { decisionMail } from '../requests/decision-mail.ts'
import { signInMail, verifyAddressMail } from '../sign-in/sign-in-mail.ts'
import { allow } from '../web/access.ts'
import type { AppContext, Environment } from '../web/environment.ts'
import { LANGUAGES } from '../web/language.ts'
import { JOBS_PATH, MAILS_PATH } from './paths.ts'

/** The packages' own pages: the queue as it stands, and each mail that the app sends. For this machine only. */
export function dashboardRoutes({ db, mail }: App): Hono<Environment> {
  const jobs = dashboard({
    db,
    basePath: JOBS_PATH,
    canWrite: () => true,
    timeZone: 'Asia/Tokyo',
    language: LANGUAGES[0],
  })
  const mails = previews(
    [verifyAddressMail, signInMail, reminderMail, decisionMail, ...noticeMails],
    {
      basePath: MAILS_PATH,
      sendTo: { mail, to: 'you@example.jp' },
      language: LANGUAGES[0],
    },
  )
  const routes = new Hono<Environment>()
  const mount = (base: string, show: (c: AppContext) => Response | Promise<Response>): void => {
    for (const path of [base, `${base}/*`]) routes.all(path, allow('anyone'), (c) => show(c))
  }
  mount(JOBS_PATH, (c) => jobs(c.req.raw, c.env))
  mount(MAILS_PATH, (c) => mails(c.req.raw, c.env))
  return routes
}
