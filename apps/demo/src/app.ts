import { createDatabase, type Database, migrate } from '@yuzuru/db'
import { type Job, jobsMigrations } from '@yuzuru/jobs'
import { createMail, type Mail } from '@yuzuru/mail'
import { appMigrations } from './migrations.ts'
import { type ReminderPayload, remindStaffJob } from './reminders/remind-staff.ts'
import type { Schema } from './schema.ts'
import type { Settings } from './settings.ts'
import { sendSignInLinkJob, type SignInLinkPayload } from './sign-in/send-sign-in-link.ts'

/** The app's clients and jobs: what its rooms work with. */
export interface App extends AsyncDisposable {
  readonly settings: Settings
  readonly db: Database<Schema>
  readonly mail: Mail
  readonly jobs: {
    readonly sendSignInLink: Job<SignInLinkPayload>
    readonly remindStaff: Job<ReminderPayload>
  }
}

/** Brings the database up to date. Any number of processes may do it at once. */
export async function migrateApp(db: Database<Schema>): Promise<void> {
  await migrate(db, [appMigrations, jobsMigrations])
}

/** Makes the app's clients. Nothing connects before it is used; all is closed with the app. */
export async function openApp(settings: Settings): Promise<App> {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(
    createDatabase<Schema>({
      url: settings.databaseUrl,
      pool: { max: 40 },
      applicationName: 'keikaku',
    }),
  )
  const { user, password, ...server } = settings.mail
  const mail = stack.use(
    createMail({
      ...server,
      auth: { user, password },
      from: 'けいかくん <no-reply@keikaku.example.jp>',
    }),
  )
  const open = stack.move()
  return {
    settings,
    db,
    mail,
    jobs: {
      sendSignInLink: sendSignInLinkJob(db, mail, settings),
      remindStaff: remindStaffJob(db, mail, settings),
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
