/** What the examples of docstrings use without declaring it: the program that they stand in. */
import type * as nodeAssert from 'node:assert'
import type { EventEmitter } from 'node:events'
import type * as nodeFs from 'node:fs'
import type { FileHandle, readFile as readFileOf } from 'node:fs/promises'
import type * as nodeHttp from 'node:http'
import type { Socket } from 'node:net'
import type { pipeline as pipelineOf } from 'node:stream/promises'
import type { S3Client as S3ClientOf } from '@aws-sdk/client-s3'
import type { auth as authOf, calendar_v3 as calendarOf } from '@googleapis/calendar'
import type { createAdaptorServer as createAdaptorServerOf } from '@hono/node-server'
import type { Hono as HonoOf } from 'hono'
import type { Generated, Kysely as KyselyOf, sql as sqlOf, Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Client as ClientOf } from 'pg'
import type StripeOf from 'stripe'
import type { z as zOf } from 'zod'
import type * as nunjucksOf from 'nunjucks'
import type { Billing } from '@yuzuru/billing'
import type { Calendar, CalendarStore, TokenCipher } from '@yuzuru/calendar'
import type { Effect, IoCall, IoErrorInit, IoOptions, Task, TaskGroup } from '@yuzuru/concurrency'
import type { RefusalError } from '@yuzuru/concurrency/boundary'
import type { Fixture } from '@yuzuru/concurrency/testing'
import type { Condition, Queue, Semaphore } from '@yuzuru/concurrency/sync'
import type { Database, EncryptedText, Queryable, Repository, Table } from '@yuzuru/db'
import type { Http } from '@yuzuru/http'
import type { ScriptedServer } from '@yuzuru/http/testing'
import type { Cron, Job, JobHandle } from '@yuzuru/jobs'
import type { Mail, MailMessage, TemplateBody } from '@yuzuru/mail'
import type { PreviewTemplate } from '@yuzuru/mail/previews'
import type { Sandbox } from '@yuzuru/sandbox'
import type { Storage as StorageOf } from '@yuzuru/storage'

declare global {
  // What is imported from elsewhere.
  const assert: typeof nodeAssert.strict
  const calendar_v3: typeof calendarOf
  const Client: typeof ClientOf
  const createAdaptorServer: typeof createAdaptorServerOf
  const createReadStream: typeof nodeFs.createReadStream
  const createServer: typeof nodeHttp.createServer
  const createWriteStream: typeof nodeFs.createWriteStream
  const fs: { readonly readFile: typeof readFileOf }
  const Hono: typeof HonoOf
  const nunjucks: typeof nunjucksOf
  const forHtml: nunjucksOf.Environment
  const forText: nunjucksOf.Environment
  const pipeline: typeof pipelineOf
  const readFile: typeof readFileOf
  const S3Client: typeof S3ClientOf
  const sql: typeof sqlOf
  const Stripe: typeof StripeOf
  const z: typeof zOf
  type Kysely<DB> = KyselyOf<DB>
  function defineConfig(config: {
    readonly kysely: () => unknown
    readonly migrations: { readonly migrator: (db: KyselyOf<unknown>) => unknown }
  }): object
  function isAdmin(request: Request): boolean
  function describe(name: string, fn: () => void): void
  function expect(value: unknown): { toMatchObject(value: unknown): void }
  function test(name: string, fn: () => unknown): void

  // The clients of the program.
  const billing: Billing<Transaction<Schema>>
  const calendar: Calendar
  const db: Database<Schema>
  const http: Http
  const mail: Mail & { readonly id: string }
  const storage: StorageOf
  const store: CalendarStore
  const tx: Transaction<Schema>
  const cipher: TokenCipher

  // What it stores.
  interface Schema {
    offices: { id: string; name: string }
    plans: {
      id: string
      office_id: string
      title: string
      status: Generated<string>
      due_on: string | null
      created_at: Generated<Date>
      tags: Generated<readonly string[]>
      charge: string | null
      version: Generated<number>
    }
    tasks: { id: string; plan_id: string; title: string }
    staff: { id: string; phone: string; phone_index: string | null }
    plan_staff: { plan_id: string; staff_id: string }
    accounts: { id: string; balance: number }
    billings: {
      id: Generated<string>
      office_id: string
      status: string
      amount: Generated<number>
      version: Generated<number>
    }
  }
  type PlansSchema = Pick<Schema, 'plans'>
  interface Total {
    readonly total: string
  }
  interface User {
    readonly name: string
  }
  const id: string
  const appMigrations: Record<string, Migration>
  const migrations: Record<string, Migration>
  const billings: Repository<Schema, 'billings', 'id', 'version'>
  const offices: Repository<Schema, 'offices', 'id', undefined> &
    Table<Schema, 'offices', 'id', undefined>
  const plans: Repository<Schema, 'plans', 'id', 'version'> &
    Table<Schema, 'plans', 'id', 'version'>
  const staff: Table<Schema, 'staff', 'id', undefined>
  const tasks: Table<Schema, 'tasks', 'id', undefined> & Task<string>[]
  const rows: readonly { readonly id: string; readonly office_id: string }[]
  const list: typeof rows
  const { encryptedText }: { encryptedText: (table: string, column: string) => EncryptedText }
  const postgres: Sandbox['postgres']
  const sandbox: Sandbox
  const smtp: Sandbox['smtp']
  const url: string
  const balance: number
  const office_id: string
  const officeId: string
  const planId: string
  const staffId: string
  const failedIds: readonly string[]
  const staffIds: readonly string[]

  // Its messages, events and files.
  const remindStaff: Job<{ staffId: string } | { planId: string }>
  const nightly: Cron
  const fetchPlan: Job<{ planId: string }>
  const renderPage: Job<{ page: number }>
  const writeReport: Job<{ planId: string }>
  const pages: readonly { readonly page: number }[]
  const handle: JobHandle
  const event: StripeOf.Event
  const office: { readonly id: string; readonly email: string; readonly name: string }
  const plan: { readonly id: string }
  const job: { readonly mustEndBy: string; readonly dueAt: number }
  const file: File & FileHandle
  const pdf: Uint8Array
  const picture: Uint8Array
  const form: { readonly size: string }
  const token: () => Promise<string>
  const tokens: { get(options: { readonly renew: string | undefined }): Promise<string> }
  const urls: readonly string[]
  const path: string
  const start: Date
  const end: Date
  const to: string
  const name: string
  const items: readonly string[]
  const word: string
  const reference: string
  const query: { readonly state: string; readonly code: string; readonly error: string | undefined }
  const cursor: string | undefined
  const seriesId: string
  const secret: string
  const keys: Readonly<Record<string, string>>
  const accessKeyId: string
  const secretAccessKey: string
  const clientId: string
  const clientSecret: string
  const user: string
  const password: string
  const secretKey: string
  const webhookSecret: string

  // What it waits with.
  const group: TaskGroup
  const task: Task<string>
  const queue: Queue<MailMessage & { readonly id: string }>
  const semaphore: Semaphore
  const condition: Condition
  const stock: string[]

  // A boundary of its own.
  interface RedisFixture extends Fixture {
    readonly redis: typeof redis
  }
  class RedisError extends Error {
    constructor(message: string, init: Omit<IoErrorInit, 'boundary' | 'operation'>)
  }
  const redis: {
    get(key: string): Promise<string | undefined>
    set(key: string, value: string, options?: IoOptions): Promise<void>
  }
  function createRedis(options?: object): typeof redis
  const toRedisError: RefusalError<void>
  const call: IoCall
  const options: (IoOptions & { readonly effect: Effect }) | undefined
  const signal: AbortSignal
  const socket: Socket
  const request: { readonly answer: Promise<string>; abort(reason: Error): void; after: string }
  const ratio: number
  const port: number
  const subject: string
  const key: string
  const message: { readonly id: string }
  const format: string
  const handler: (...values: readonly unknown[]) => void
  const response: nodeHttp.ServerResponse
  const maxSize: number
  const idleTimeoutMs: number
  const index: (value: unknown) => void
  function isKey(value: unknown): boolean
  const pool: { connect(): Promise<{ release(): void }> }
  const headers: Headers

  // What it does; of no matter here.
  const app: HonoOf & {
    use(...middleware: readonly unknown[]): unknown
    register(plugin: unknown, options: object): Promise<void>
    setErrorHandler(handler: unknown): typeof app
    setNotFoundHandler(handler: unknown): typeof app
  }
  const auth: InstanceType<typeof authOf.OAuth2>
  const bar: { value: number }
  const button: EventEmitter
  const cache: Map<string, unknown>
  const client: { call(options: { readonly timeout: number }): Promise<void> }
  const fallback: string
  const log: ((message: string) => void) & { warn(fields: object): void }
  const mailer: Mail
  const server: ScriptedServer
  const bodies: Readonly<Record<'en', TemplateBody<unknown>>>
  const invitation: PreviewTemplate
  const raw: Uint8Array
  function suppress(address: string, status?: string): Promise<void>
  function pollForWork(): Promise<void>
  function suppressReaderOf(messageId: string | undefined): Promise<void>
  function renderInvitation(data: { readonly name: string }): Promise<string>
  const verifyAddress: PreviewTemplate
  const statistics: { note(id: string): Promise<void> }
  const upload: { abort(): Promise<void> }
  let n: number
  interface Reminder {
    readonly dueAt: number
  }
  interface Keys {
    readonly current: string
  }
  function accountOf(request: Request): string
  function act(): Promise<void>
  function again(): Promise<void>
  function answer(request: nodeHttp.IncomingMessage, response: nodeHttp.ServerResponse): void
  function apply(changes: unknown, token: string | undefined): Promise<void>
  function forget(): Promise<void>
  function approve(db: Queryable<Schema>, id: string): Promise<void>
  function ask(whom: string): Promise<{ readonly price: number }>
  function askAgain(): void
  const askForAnotherCard: Job<{ officeId: string }> & (() => void)
  function charge(): Promise<void>
  function chargeCard(id: string, options: object): Promise<{ readonly id: string }>
  function check(plan: object): Promise<void>
  function exportPlan(plan: object): Promise<void>
  function fetchKeys(): Promise<Keys>
  function isReady(): Promise<boolean>
  function announce(...what: readonly unknown[]): Promise<void>
  function keepLease(...what: readonly unknown[]): Promise<void>
  function keepStatus(tx: unknown, subscription: object, at: Date): Promise<void>
  function main(): Promise<void>
  function make(): never
  function makeFixture(): never
  function makeMine(): never
  function myStore(db: unknown): never
  function openStore(): Promise<Fixture & { db: typeof db; store: { find(text: string): unknown } }>
  function read(what: string): Promise<string>
  function reconcile(): Promise<void>
  function refresh(what: string): Promise<void>
  function reminderFor(id: string): Promise<{ to: string; subject: string; text: string }>
  function render(office: object): Promise<string>
  function runningQueries(): Promise<number>
  function savePlan(storage: StorageOf, pdf: Uint8Array): Promise<void>
  function invitations(): AsyncIterable<MailMessage>
  function nameOf(request: Request): string
  function remind(id: string): Promise<void>
  function rowsAsCsv(options: { readonly signal: AbortSignal }): AsyncIterable<string>
  function saveToken(key: string, token: string): Promise<void>
  function tokenOf(key: string): Promise<string>
  function sendAll(addresses: readonly string[]): Promise<ReadonlySet<string>>
  function sendReport(pages: unknown): Promise<void>
  function show(bytes: number): void
  function messagesOf(rows: readonly object[]): Iterable<MailMessage>
  function report(to: unknown): void
  function sell(what: string | undefined): void
  function send(what: unknown): Promise<void>
  function signUp(mail: unknown, address: string): Promise<void>
  function startRound(): void
  function suggestions(word: string): Promise<readonly string[]>
  function tablesOf(db: unknown): Promise<readonly string[]>
  function taken(columns: readonly string[]): never
  function work(...what: unknown[]): Promise<void>
}
