import type { BrowserUpload } from './browser-upload.ts'

/** Options of {@link uploadFile}. */
export interface UploadFileOptions {
  /** Called as bytes are sent. Bytes that must be sent again are subtracted first. */
  readonly onProgress?:
    | ((progress: { readonly sentBytes: number; readonly totalBytes: number }) => void)
    | undefined
  /** Ends the upload and aborts the requests under way. */
  readonly signal?: AbortSignal | undefined
  /** How many parts are sent at once: 1 to 64. @default 3 */
  readonly parallel?: number | undefined
  /** How often a part is tried, including the first time: 1 to 100. @default 5 */
  readonly attempts?: number | undefined
  /**
   * Returns the same upload with new URLs. Called when a URL has expired (the store answers 403); see
   * `storage.presignParts`. @default none: the upload fails
   */
  readonly renew?: (() => Promise<BrowserUpload>) | undefined
  /**
   * Whether parts that have arrived, as `storage.presignParts` says, are left out. Only for the very same
   * file, as the page cannot check what they were made of. @default false: all are sent
   */
  readonly resume?: boolean | undefined
  /**
   * The largest file that is sent, in bytes from 0 up. A larger one is refused before anything is sent.
   *
   * @default no limit
   */
  readonly maxBytes?: number | undefined
}

interface Check {
  readonly what: string
  readonly holds: (value: unknown) => boolean
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

const CHECKS: Readonly<Record<keyof UploadFileOptions, Check>> = {
  onProgress: { what: 'a function', holds: isFunction },
  signal: { what: 'an AbortSignal', holds: (value) => value instanceof AbortSignal },
  parallel: { what: 'an integer from 1 to 64', holds: (value) => isInteger(value, 64) },
  attempts: { what: 'an integer from 1 to 100', holds: (value) => isInteger(value, 100) },
  renew: { what: 'a function', holds: isFunction },
  resume: { what: 'a boolean', holds: (value) => typeof value === 'boolean' },
  maxBytes: {
    what: 'a number from 0 up',
    holds: (value) => typeof value === 'number' && value >= 0,
  },
}

/**
 * Checks the arguments of `uploadFile` like every other package, but by itself: the shared checks run only
 * in Node.
 *
 * @throws {TypeError}
 */
export function expectUploadFile(file: unknown, upload: unknown, options: unknown): void {
  if (!(file instanceof Blob)) throw expected('file to be a Blob', file)
  expectUpload(upload)
  if (!isObject(options)) throw expected('the options of uploadFile to be an object', options)
  for (const name in options) {
    if (Object.hasOwn(CHECKS, name)) continue
    const got = /^[\w$.-]{1,64}$/.test(name) ? `"${name}"` : 'another'
    const names = Object.keys(CHECKS).join(', ')
    throw new TypeError(`Expected a known option of uploadFile, got ${got}; it takes ${names}`)
  }
  for (const [name, { what, holds }] of Object.entries(CHECKS)) {
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined && !holds(value)) throw expected(`${name} to be ${what}`, value)
  }
}

function expectUpload(upload: unknown): void {
  const { bytes, partSizeBytes, parts, headers } = isObject(upload)
    ? (upload as Partial<BrowserUpload>)
    : {}
  const isUpload =
    typeof bytes === 'number' && typeof partSizeBytes === 'number' && Array.isArray(parts)
  if (isUpload && isObject(headers)) return
  throw expected('upload to be what storage.presignUpload gives', upload)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isInteger(value: unknown, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most
}

/** Shows only the kind of a value, as it may be secret. */
function expected(what: string, value: unknown): TypeError {
  const kind = value === null ? 'null' : typeof value
  return new TypeError(`Expected ${what}, got ${kind === 'number' ? String(value) : kind}`)
}
