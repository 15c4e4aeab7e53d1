import { type IoOptions } from '@yuzuru/concurrency'
import { expected, expectInteger, expectObject } from '@yuzuru/concurrency/boundary'
import type { ListedObject } from '../store/object-backend.ts'
import { ListDeadline } from './list-deadline.ts'
import { PageMarks } from '../s3/page-marks.ts'
import { admit, callStore, type StorageContext } from '../store/storage-context.ts'

/** Options of {@link Storage.list}. */
export interface ListOptions extends IoOptions {
  /** A deadline for the list as a whole, from its first page on, in milliseconds. @default none */
  readonly timeoutMs?: number | undefined
  /** Only keys that begin with it. @default all */
  readonly prefix?: string | undefined
  /** Only keys after this one, in the order of their UTF-8 bytes. */
  readonly startAfter?: string | undefined
  /** How many keys are fetched with one request: 1 to 1,000. @default 1_000 */
  readonly pageSize?: number | undefined
}

/** Options of {@link Storage.listFolder}. */
export interface ListFolderOptions extends ListOptions {
  /** Where keys are cut, so that those beyond it count as one prefix. @default '/' */
  readonly delimiter?: string | undefined
}

/** What is directly under a prefix: an object, or a prefix that several share. */
export type FolderEntry =
  | (ListedObject & { readonly kind: 'object' })
  | { readonly kind: 'prefix'; readonly prefix: string }

/** All objects under a prefix, page by page as they are consumed. */
export async function* list(
  context: StorageContext,
  options: ListOptions = {},
): AsyncGenerator<ListedObject, void, undefined> {
  for await (const page of pages(context, options, undefined)) yield* page.objects
}

/** What is directly under a prefix, as in a folder. */
export async function* listFolder(
  context: StorageContext,
  options: ListFolderOptions = {},
): AsyncGenerator<FolderEntry, void, undefined> {
  const { delimiter = '/' } = options
  for await (const page of pages(context, options, delimiter)) {
    for (const prefix of page.prefixes) yield { kind: 'prefix', prefix }
    for (const object of page.objects) yield { kind: 'object', ...object }
  }
}

async function* pages(
  context: StorageContext,
  options: ListOptions,
  delimiter: string | undefined,
): AsyncGenerator<Awaited<ReturnType<StorageContext['backend']['list']>>, void, undefined> {
  const { prefix = '', startAfter, pageSize = 1_000 } = options
  const fixed = { prefix, startAfter, pageSize, delimiter }
  const subject = { operation: 'list' }
  const within = admit(context, subject)
  // The list is under way between two pages too.
  using _list = context.life.keep()
  const deadline = new ListDeadline(options)
  const marks = new PageMarks(subject)
  let token: string | undefined
  do {
    const request = { ...fixed, token }
    const page = await deadline.bind((left) =>
      callStore(within, subject, 'read', left, (signal) => context.backend.list(request, signal)),
    )
    token = marks.next(page.isTruncated, page.token)
    yield page
  } while (token !== undefined)
}

/** Checks what to list. */
export function expectListOptions(options: ListFolderOptions): void {
  expectObject('options', options)
  const { prefix, startAfter, delimiter, pageSize } = options
  for (const [name, value] of Object.entries({ prefix, startAfter, delimiter })) {
    if (value === undefined || (typeof value === 'string' && value.isWellFormed())) continue
    throw expected(`${name} to be a string`, value)
  }
  if (delimiter === '') throw new TypeError('Expected delimiter not to be empty')
  if (pageSize !== undefined) expectInteger('pageSize', pageSize, 1, 1_000)
}
