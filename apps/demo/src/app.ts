import { type Billing, createBilling } from '@yuzuru/billing'
import { billingMigrations, kyselyBillingStore } from '@yuzuru/billing/kysely'
import { type Calendar, createCalendar } from '@yuzuru/calendar'
import { calendarMigrations, kyselyCalendarStore } from '@yuzuru/calendar/kysely'
import { createDatabase, type Database, encryption, migrate, transaction } from '@yuzuru/db'
import { type Cron, type Job, jobsMigrations } from '@yuzuru/jobs'
import { createMail, type Mail } from '@yuzuru/mail'
import { idempotencyMigrations } from '@yuzuru/server/kysely'
import { createStorage, type Storage } from '@yuzuru/storage'
import type { Transaction } from 'kysely'
import { Background } from './background.ts'
import { type ApprovalPayload, countApprovalJob } from './billing/approval-meter.ts'
import { announce, billingNoticeJob, type BillingNoticePayload } from './billing/billing-notices.ts'
import { PRODUCT_ID } from './billing/plans-sold.ts'
import {
  reconcileBillingCron,
  reconcileBillingJob,
  type ReconcilePayload,
} from './billing/reconcile-billing.ts'
import { adjustSeatsJob, type SeatsPayload } from './billing/seats.ts'
import { TRIAL_DAYS } from './billing/trial-days.ts'
import { type Letter, sendMailJob } from './mail-later/mail-later.ts'
import { CalendarWatches } from './meetings/calendar-watches.ts'
import { appMigrations } from './migrations.ts'
import { tidyDocumentJob, type TidyDocumentPayload } from './plans/tidy-document.ts'
import { type ReminderPayload, remindStaffJob } from './reminders/remind-staff.ts'
import type { Schema } from './schema.ts'
import type { Settings } from './settings.ts'
import { expireRegistrationJob, type RegistrationPayload } from './sign-in/expire-registration.ts'
import { sendSignInLinkJob, type SignInLinkPayload } from './sign-in/send-sign-in-link.ts'

/** The app's clients and jobs: what its rooms work with. */
export interface App extends AsyncDisposable {
  readonly settings: Settings
  readonly db: Database<Schema>
  readonly mail: Mail
  readonly storage: Storage
  readonly billing: Billing<Transaction<Schema>>
  readonly calendar: Calendar
  /** Work that belongs to no request. */
  readonly background: Background
  /** Listens for changes that people make in Google Calendar. */
  readonly watches: CalendarWatches
  readonly jobs: {
    readonly sendSignInLink: Job<SignInLinkPayload>
    readonly expireRegistration: Job<RegistrationPayload>
    readonly remindStaff: Job<ReminderPayload>
    readonly tidyDocument: Job<TidyDocumentPayload>
    readonly billingNotice: Job<BillingNoticePayload>
    readonly reconcileBilling: Job<ReconcilePayload>
    readonly adjustSeats: Job<SeatsPayload>
    readonly countApproval: Job<ApprovalPayload>
    readonly sendMail: Job<Letter>
  }
  /** The scheduled jobs. */
  readonly crons: readonly Cron[]
}

/** Brings the database up to date. Any number of processes may do it at once. */
export async function migrateApp(db: Database<Schema>): Promise<void> {
  await migrate(db, [
    appMigrations,
    jobsMigrations,
    billingMigrations,
    calendarMigrations,
    idempotencyMigrations,
  ])
}

/**
 * Makes the app's clients. They connect on first use, and are closed with the app.
 *
 * @param connections the most connections to the database
 */
export async function openApp(settings: Settings, connections: number): Promise<App> {
  await using stack = new AsyncDisposableStack()
  const db = stack.use(
    createDatabase<Schema>({
      url: settings.databaseUrl,
      connections,
      applicationName: 'keikaku',
    }),
  )
  const mail = stack.use(openMail(settings))
  const storage = stack.use(openStorage(settings))
  const billing = stack.use(
    createBilling({
      secretKey: settings.stripe.secretKey,
      apiBase: settings.stripe.url,
      webhookSecret: settings.stripe.webhookSecret,
      trial: { days: TRIAL_DAYS },
      prices: { [PRODUCT_ID]: { features: ['meetings'] } },
      // Nobody pays twice: a second subscription is ended, however it came about.
      keep: 'first',
      store: kyselyBillingStore<Schema>(db, { transaction: (fn) => transaction(db, fn) }),
    }),
  )
  const calendar = stack.use(openCalendar(settings, db))
  const billingNotice = billingNoticeJob(db, mail, settings)
  const adjustSeats = adjustSeatsJob(db, billing)
  announce(billing, { notice: billingNotice, seats: adjustSeats })
  const reconcileBilling = reconcileBillingJob(billing)
  // It is closed first, as its work needs the clients.
  const background = stack.use(new Background())
  const open = stack.move()
  return {
    settings,
    db,
    mail,
    storage,
    billing,
    calendar,
    background,
    watches: new CalendarWatches({ settings, db, calendar }),
    jobs: {
      sendSignInLink: sendSignInLinkJob(db, mail, settings),
      expireRegistration: expireRegistrationJob(db),
      remindStaff: remindStaffJob(db, mail, settings),
      tidyDocument: tidyDocumentJob(db, storage),
      billingNotice,
      reconcileBilling,
      adjustSeats,
      countApproval: countApprovalJob(billing),
      sendMail: sendMailJob(mail),
    },
    crons: [reconcileBillingCron(reconcileBilling)],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function openMail({ mail: { user, password, ...server } }: Settings): Mail {
  const from = 'けいかくん <no-reply@keikaku.example.jp>'
  return createMail({ ...server, auth: { user, password }, from })
}

function openStorage({ storage: { accessKeyId, secretAccessKey, ...place } }: Settings): Storage {
  return createStorage({ ...place, credentials: { accessKeyId, secretAccessKey } })
}

function openCalendar(
  { google, encryption: keys, publicUrl }: Settings,
  db: Database<Schema>,
): Calendar {
  const { clientId, clientSecret, authUrl, tokenUrl, revokeUrl, calendarUrl } = google
  // Sealed for its row: tokens that are copied to the row of another account do not open.
  const cipher = encryption(keys).encryptedText('yuzuru_calendar_accounts', 'sealed')
  return createCalendar({
    clientId,
    clientSecret,
    redirectUri: new URL('/calendar/callback', publicUrl).href,
    store: kyselyCalendarStore(db, { cipher }),
    endpoints: { authUrl, tokenUrl, revokeUrl, apiRoot: calendarUrl },
  })
}
